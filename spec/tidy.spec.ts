/**
 * Rules that no linter knows: documents and code agree, and the structure of the code stays as
 * designed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import test from 'ava'
import type { TSchema } from 'typebox'
import { ERRORS } from '../schema/errors.ts'
import { ROLES } from '../schema/config/node.ts'
import { CATALOGUE } from '../schema/messages/catalogue.ts'
import { RecoveryStepped } from '../schema/messages/recovery.ts'
import { everyFile, everySource, type Source } from './support/sources.ts'

const files = everyFile()
const sources = everySource()
const product = sources.filter(({ path }) => !path.startsWith('spec/'))

const paths = (found: readonly Source[]): readonly string[] => found.map(({ path }) => path)

/** The cells of a Markdown table's rows, without head and rule; code marks are removed. */
function tableRows(path: string): readonly (readonly string[])[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

/** What every message of the catalogue says of itself. */
interface CataloguedMessage {
  readonly topic: readonly string[]
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly speaker?: (body: never) => string
  readonly about: (body: never) => readonly string[]
  readonly guarantee: string
}

/** A body in which every field holds its own name, to see where it appears in the subject. */
function bodyOfNames(schema: TSchema): Readonly<Record<string, unknown>> {
  const properties: Readonly<Record<string, TSchema>> =
    'properties' in schema ? Object(schema.properties) : {}
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const token = `<${name}>`
      return [name, 'type' in property && property.type === 'array' ? [token] : token]
    }),
  )
}

/** The roles as the page writes them. */
const named = (roles: readonly string[]): string =>
  roles.length === ROLES.length ? 'every role' : roles.join(', ')

test('the protocol page lists every message with its roles, subject and guarantee, in order', (t) => {
  const listed = tableRows('schema/messages/PROTOCOL.md').map(
    ([name, from, to, subject, guarantee]) => ({
      name,
      from,
      to,
      subject,
      guarantee,
    }),
  )
  const catalogued = Object.entries(CATALOGUE).map(([name, message]) => {
    const { topic, from, to, about, guarantee, speaker }: CataloguedMessage = message
    const body = bodyOfNames(message.body) as never // its fields are names, not values
    const tokens = [...topic, speaker?.(body) ?? '<sender>', ...about(body)]
    const subject = ['ha', '<cloud>', ...tokens].join('.')
    return { name, from: named(from), to: named(to), subject, guarantee }
  })
  t.deepEqual(listed, catalogued)
})

test('the protocol page lists every step that a recovery announces, in order', (t) => {
  const page = readFileSync('schema/messages/PROTOCOL.md', 'utf8')
  const [, chapter = ''] = page.split(/^## The steps of .+$/m)
  const [list = ''] = chapter.split(/^## /m)
  const listed = [...list.matchAll(/^\* (.+?):/gm)].flatMap(([, steps = '']) => steps.split(', '))
  const announced = RecoveryStepped.properties.step.anyOf.map((step) => `\`${step.const}\``)
  t.deepEqual(listed, announced)
})

test('the protocol page names only replies that are messages', (t) => {
  const messages = Object.keys(CATALOGUE)
  for (const [name, , , , , reply] of tableRows('schema/messages/PROTOCOL.md')) {
    t.true([...messages, '–'].includes(reply ?? ''), `${name}: ${reply} is not a message`)
  }
})

test('every error code is documented, with its status and whether it may be retried', (t) => {
  const documented = tableRows('ops/docs/errors.md')
    .map(([code, status, retryable]) => `${code} ${status} ${retryable}`)
    .toSorted()
  const raised = Object.entries(ERRORS)
    .map(([code, { status, retryable }]) => `${code} ${status} ${retryable ? 'yes' : 'no'}`)
    .toSorted()
  t.deepEqual(documented, raised)
})

test('every error code is raised somewhere', (t) => {
  const text = product.filter(({ path }) => path !== 'schema/errors.ts').map((each) => each.text)
  const unused = Object.keys(ERRORS).filter(
    (code) => !text.some((each) => each.includes(`'${code}'`)),
  )
  t.deepEqual(unused, [])
})

test('every source file starts with its purpose', (t) => {
  const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*[ \n]/.test(text))
  t.deepEqual(paths(silent), [])
})

test('no source file is longer than 450 lines', (t) => {
  const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 450)
  t.deepEqual(paths(long), [])
})

test('no file names the machine on which it was written', (t) => {
  const machine = /\/(?:work|root|home\/\w+)\/\w|\/tmp\/\w/
  const pages = ['package.json', 'README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', '.ci/run']
  const found = [...files, ...pages.filter((page) => existsSync(page))]
    .filter((path) => path !== 'spec/tidy.spec.ts' && !/\.(gz|png|tar)$/.test(path))
    .filter((path) => machine.test(readFileSync(path, 'utf8')))
  t.deepEqual(found, [])
})

test('every decision has a number, and says context, decision and consequences', (t) => {
  const wrong = files
    .filter((path) => path.startsWith('ops/docs/decisions/'))
    .filter((path) => {
      const headings = [...readFileSync(path, 'utf8').matchAll(/^## (.+)$/gm)].map(
        ([, title]) => title,
      )
      const said = headings.slice(0, 3).join()
      return (
        !/^\d{4}-[a-z0-9-]+\.md$/.test(basename(path)) || said !== 'Context,Decision,Consequences'
      )
    })
  t.deepEqual(wrong, [])
})

test('no test is skipped, forgotten or run alone', (t) => {
  const marks = ['skip', 'only', 'todo', 'failing'].map(
    (word) => new RegExp(`\\btest(\\.\\w+)*\\.${word}\\b`),
  )
  // The only reason to leave a test out is a server that cannot be had; it is printed.
  const found = sources.filter(
    ({ path, text }) =>
      path !== 'spec/support/nats-cluster.ts' && marks.some((mark) => mark.test(text)),
  )
  t.deepEqual(paths(found), [])
})

test('no test passes without an assertion, and a failing property shows its counterexample', (t) => {
  const marks = /\bt\.pass\(|\bfc\.assert\(/
  const found = sources.filter(
    ({ path, text }) =>
      path.startsWith('spec/') && path !== 'spec/tidy.spec.ts' && marks.test(text),
  )
  t.deepEqual(paths(found), [])
})

test('no spec listens on a fixed port without waiting for the copies of its socket', (t) => {
  const listens = /\.listen\((?!0\b|\{ host: '127\.0\.0\.1', port: 0 \})[^)]*[pP]ort/
  t.deepEqual(
    sources
      .filter(({ path, text }) => path.startsWith('spec/') && listens.test(text))
      .map(({ path }) => path),
    // The port of the full listener is never listened on again.
    ['spec/support/full-listener.ts', 'spec/support/process.ts'],
  )
})

test('files have names that describe their content', (t) => {
  const empty = /^(utils?|helpers?|common|misc|types|index|constants|shared)$/
  t.deepEqual(
    files.filter((path) => empty.test(basename(path, extname(path)))),
    [],
  )
})

test('nothing is called a manager, a helper or a base', (t) => {
  const declared = /^(?:export )?(?:abstract )?(?:class|interface|type|function|const) (\w+)/gm
  const banned = /(Manager|Helper|Utils?|Master|Slave|Remediation)$|^(Abstract|Base)[A-Z]/
  const found = product.flatMap(({ path, text }) =>
    [...text.matchAll(declared)]
      .map(([, name = '']) => name)
      .filter((name) => banned.test(name))
      .map((name) => `${path}: ${name}`),
  )
  t.deepEqual(found, [])
})

const kebab = (name: string): string => name.replaceAll(/\B[A-Z]/g, '-$&').toLowerCase()

test('every exported function and class has a line about it, unless the file is about it', (t) => {
  const bare = /(?<!\*\/)\nexport (?:async )?(?:function|class) (\w+)/g
  const found = product.flatMap(({ path, text }) =>
    [...text.matchAll(bare)]
      .map(([, name = '']) => name)
      .filter((name) => kebab(name) !== basename(path, '.ts'))
      .map((name) => `${path}: ${name}`),
  )
  t.deepEqual(found, [])
})

test('every number that limits an actor has a name, and a reason above it or above its group', (t) => {
  const constant = /^(?:export )?const ([A-Z][A-Z\d_]+)(?:: \w+)? = [-\d_.* ]+$/
  const converts = /[*/] \d[\d_]*/g // of units, as in `windowMs / 1000`
  const found = product
    .filter(({ path }) => path.startsWith('actors/') && path !== 'actors/kernel/supervision.ts')
    .flatMap(({ path, text }) => {
      const lines = text.split('\n')
      const unexplained = lines.filter((line, index) => {
        const above = lines[index - 1] ?? ''
        return constant.test(line) && !above.endsWith('*/') && !constant.test(above)
      })
      const unnamed = lines.filter(
        (line) =>
          !constant.test(line) &&
          !/^\s*(\*|\/\*|\/\/)/.test(line) &&
          /(?<![\w.'])\d[\d_]{2,}\b/.test(line.replace(/ \/\/ .*$/, '').replaceAll(converts, '')),
      )
      return [...unexplained, ...unnamed].map((line) => `${path}: ${line.trim()}`)
    })
  t.deepEqual(found, [])
})

test('there are no enums, namespaces, escapes from the type checker, or default exports', (t) => {
  const banned = /^\s*(export )?(const )?(enum|namespace) \w|@ts-(ignore|nocheck)|^export default/m
  t.deepEqual(
    product.filter(({ text }) => banned.test(text)).map(({ path }) => path),
    [],
  )
})

const numbered = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => letter + String(index + 1).padStart(2, '0'))

test('every known fault has a story or a spec with its name', (t) => {
  const rows = tableRows('ops/docs/known-faults.md')
  t.deepEqual(
    rows.map(([fault]) => fault),
    [...numbered('a', 20), ...numbered('b', 11), 'c05', 'e04', 'e05', 'f10', 'f11'],
  )
  const unproved = rows.filter(([fault = '', , place = '']) => {
    const isSpec = place.endsWith('.ts') && existsSync(place)
    const text = isSpec ? readFileSync(place, 'utf8') : ''
    const named = basename(place).startsWith(`${fault}-`) || text.includes(`test('${fault}: `)
    return !(named && existsSync(place))
  })
  t.deepEqual(unproved, [])
})

test('a story whose name begins with a number shows a known fault, or a promise', (t) => {
  const faults = tableRows('ops/docs/known-faults.md').map(([fault = '']) => fault)
  const promise = /^l0[1-4]$/ // of `ops/docs/promises.md`
  const unknown = readdirSync('spec/scenarios')
    .map((story) => /^([a-z]\d\d)-/.exec(story)?.[1])
    .filter((number) => number !== undefined && !promise.test(number) && !faults.includes(number))
  t.deepEqual(unknown, [])
})

interface DeclaredType {
  readonly name: string
  readonly path: string
  readonly isExported: boolean
}

/** Types, interfaces and classes of the product; a name that a file says twice (a schema and its type) counts once. */
const TYPES: readonly DeclaredType[] = product.flatMap(({ path, text }) => {
  const lines = text.matchAll(/^(export )?(?:abstract )?(?:type|interface|class) (\w+)/gm)
  return [...lines].map(([, exported, name = '']) => ({
    name,
    path,
    isExported: exported !== undefined,
  }))
})

test('no two exported types have the same name', (t) => {
  const exported = Map.groupBy(
    TYPES.filter(({ isExported }) => isExported),
    ({ name }) => name,
  )
  const doubles = [...exported].filter(([, found]) => found.length > 1)
  t.deepEqual(
    doubles.map(([name, found]) => `${name}: ${found.map(({ path }) => path).join(', ')}`),
    [],
  )
})

test('among the actors, what a file calls by a name is not another thing that is exported by that name', (t) => {
  const actors = TYPES.filter(({ path }) => path.startsWith('actors/'))
  const exported = new Map(
    actors.filter(({ isExported }) => isExported).map(({ name, path }) => [name, path]),
  )
  const doubles = actors.filter(({ name, isExported }) => !isExported && exported.has(name))
  t.deepEqual(
    doubles.map(({ name, path }) => `${name}: ${path}, ${exported.get(name)}`),
    [],
  )
})
