/** The files of the pages and their libraries, read and compressed once, and served from memory. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface PageFile {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly gzipped: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const FOLDER = join(import.meta.dirname, 'pages')

/** The modules that pages import by name, and the files that browsers get for them. */
const LIBRARIES = {
  preact: 'preact.mjs',
  'preact/hooks': 'hooks.mjs',
  htm: 'htm.mjs',
} as const

export interface Pages {
  /** Changes with any file, so browsers may keep the files of one version for ever. */
  readonly version: string
  /** By name. */
  readonly files: ReadonlyMap<string, PageFile>
}

/** Every file. `shell.html` names all modules, so that a browser asks for them at once. */
export function readPages(): Pages {
  const own = readdirSync(FOLDER).filter((name) => extname(name) in TYPES)
  const texts = new Map(own.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]))
  const require = createRequire(import.meta.url)
  for (const [library, name] of Object.entries(LIBRARIES)) {
    texts.set(name, readFileSync(moduleOf(require.resolve(library)), 'utf8'))
  }
  const modules = [...texts.keys()].filter((name) => /\.m?js$/.test(name))
  const version = digestOf([...texts.values()].join('\0'))
  const folder = `assets/${version}`
  const preloads = modules
    .map((name) => `<link rel="modulepreload" href="assets/${name}">`)
    .join('')
  const served = (name: string, text: string): string => {
    if (modules.includes(name)) return withLibraries(text)
    if (name !== 'shell.html') return text
    return text.replace('<!-- modules -->', preloads).replaceAll('assets', folder)
  }
  const files = [...texts].map(
    ([name, text]) => [name, pageFile(name, served(name, text))] as const,
  )
  return { version, files: new Map(files) }
}

const digestOf = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('base64url').slice(0, 22)

/** The file with the ES module beside the CommonJS file that `require` may find. */
const moduleOf = (path: string): string => path.replace(/htm\.js$/, 'htm.mjs')

/** Browsers know no packages: their names are replaced by the addresses of their files. */
function withLibraries(text: string): string {
  const named = text.replaceAll(
    /(\bfrom\s*)(["'])([\w/]+)\2/g,
    (whole, from: string, quote: string, library: string) => {
      const file = new Map<string, string>(Object.entries(LIBRARIES)).get(library)
      return file === undefined ? whole : `${from}${quote}./${file}${quote}`
    },
  )
  return named.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n')
}

function pageFile(name: string, text: string): PageFile {
  const plain = Buffer.from(text)
  return {
    type: TYPES[extname(name)] ?? '',
    etag: `"${digestOf(plain)}"`,
    plain,
    gzipped: gzipSync(plain, { level: 9 }),
  }
}
