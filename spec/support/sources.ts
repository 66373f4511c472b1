/**
 * The source files of the project and their imports, for the specs about the structure of the code.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const LAYERS = ['actors', 'gateway', 'ops', 'schema', 'spec', 'transports']

export interface Source {
  readonly path: string
  readonly text: string
}

/** Every file of ours in the layers. Fixtures are left out, because they imitate other systems. */
export function everyFile(): readonly string[] {
  return LAYERS.flatMap((layer) => readdirSync(layer, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith('spec/fixtures/'))
}

/** Every TypeScript file of ours. */
export function everySource(): readonly Source[] {
  return everyFile()
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

export interface Import {
  readonly from: string
  /** One of our paths, `node:…`, or `npm:…`. */
  readonly to: string
}

const SPECIFIERS: readonly RegExp[] = [
  /^(?:import|export)\s+(?:type\s+)?(?:\w+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s+from\s+['"]([^'"]+)/gm,
  /^import\s+['"]([^'"]+)/gm,
  /\b(?:import|require)\s*\(\s*['"`]([^'"`]+)/g,
]

/** All imports of a file: static, dynamic, for effect, re-exports, and require. */
export function importsOf({ path, text }: Source): readonly Import[] {
  return SPECIFIERS.flatMap((form) => [...text.matchAll(form)]).map(([, specifier = '']) => ({
    from: path,
    to: resolved(path, specifier),
  }))
}

function resolved(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier))
  return specifier.startsWith('node:') ? specifier : `npm:${specifier}`
}

const LOCAL: Readonly<Record<string, readonly RegExp[]>> = {
  schema: [/^schema\//, /^npm:(typebox|kysely|fastest-levenshtein)(\/|$)/],
  actors: [/^schema\//, /^actors\//],
  transports: [/^schema\//, /^actors\/ports\//, /^node:/, /^npm:typebox(\/|$)/],
  gateway: [
    /^schema\//,
    /^actors\/(ports\/|kernel\/ref\.ts$)/,
    /^gateway\//,
    /^node:/,
    /^npm:(fastify|@fastify\/[\w-]+|typebox)(\/|$)/,
  ],
  // The command shows the version of the package.
  ops: [/^(schema|actors|transports|gateway|ops)\//, /^(node|npm):(?!nact$)/, /^package\.json$/],
  spec: [/./],
}

/**
 * The library of each wire, and of its message encoding (typebox decodes everywhere); the others
 * need none.
 */
const LIBRARY: Readonly<Record<string, RegExp>> = {
  nats: /^npm:nats(\/|$)/,
  amqp: /^npm:(amqplib|seek-bzip)(\/|$)/,
  sql: /^npm:(kysely|mysql2)(\/|$)/,
  bmc: /^npm:node-pty$/,
  ssh: /^npm:ssh2$/,
  log: /^npm:pino$/,
}

/** True when the layers allow this import (style: which layer may import which). */
export function isAllowed({ from, to }: Import): boolean {
  const [layer = '', folder = ''] = from.split('/')
  if (from === 'actors/kernel/nact-turns.ts' && to === 'npm:nact') return true
  if (layer === 'transports') {
    if (to.startsWith(`transports/${folder}/`) || LIBRARY[folder]?.test(to) === true) return true
  }
  return LOCAL[layer]?.some((pattern) => pattern.test(to)) ?? false
}
