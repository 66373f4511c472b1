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

/** Every file by its name. `shell.html` names all modules, so that a browser asks for them at once. */
export function readPages(): ReadonlyMap<string, PageFile> {
  const own = readdirSync(FOLDER).filter((name) => extname(name) in TYPES)
  const texts = new Map(own.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]))
  const require = createRequire(import.meta.url)
  for (const [library, name] of Object.entries(LIBRARIES)) {
    texts.set(name, readFileSync(moduleOf(require.resolve(library)), 'utf8'))
  }
  const modules = [...texts.keys()].filter((name) => /\.m?js$/.test(name))
  const preloads = modules.map((name) => `<link rel="modulepreload" href="assets/${name}">`)
  const files = [...texts].map(([name, text]) => {
    const isScript = modules.includes(name)
    const served = isScript
      ? withLibraries(text)
      : text.replace('<!-- modules -->', preloads.join(''))
    return [name, pageFile(name, served)] as const
  })
  return new Map(files)
}

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
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    gzipped: gzipSync(plain, { level: 9 }),
  }
}
