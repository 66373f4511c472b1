/**
 * `ops/docs/promises.md` and the code agree: cited promises are described, named files exist,
 * reported violations have their rule.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { SABOTAGE_CASES } from './simulator/sabotage-cases.ts'
import { everyFile, everySource } from './support/sources.ts'

const PAGE = 'ops/docs/promises.md'
const PARTS = ['enforced in', 'specs', 'stories', 'simulator rule', 'sabotage'] as const
type Part = (typeof PARTS)[number]

/** What the page says about one report: a promise, or another one. */
interface Section {
  readonly id: string
  readonly parts: Readonly<Partial<Record<string, string>>>
}

const page = readFileSync(PAGE, 'utf8')
const [, ...chapters] = page.split(/^## /m)

const cellsOf = (line: string): readonly string[] =>
  line
    .slice(1, -1)
    .split(' | ')
    .map((cell) => cell.trim())

const rowsOf = (chapter: string): readonly (readonly string[])[] =>
  chapter.split('\n').flatMap((line) => (line.startsWith('| ') ? [cellsOf(line)] : []))

/** The texts in code marks. */
const marked = (text = ''): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, it = '']) => it)

const promises: readonly Section[] = chapters.flatMap((chapter) => {
  const id = /^([ILE]\d+): /.exec(chapter)?.[1]
  return id === undefined ? [] : [{ id, parts: Object.fromEntries(rowsOf(chapter).slice(2)) }]
})

/** The rows of the last table. */
const others: readonly Section[] = rowsOf(chapters.at(-1) ?? '')
  .slice(2)
  .map(([report = '', , rule = '', sabotage = '']) => ({
    id: marked(report).join(),
    parts: { 'simulator rule': rule, sabotage },
  }))

const named = (part: Part, sections: readonly Section[] = [...promises, ...others]): string[] =>
  sections.flatMap(({ parts }) => marked(parts[part]))

const isFile = (name: string): boolean => name.includes('/')

const numbered = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)

test('every promise is described, in order, with all its parts', (t) => {
  const ids = promises.map(({ id }) => id)
  t.deepEqual(ids, [...numbered('I', 11), ...numbered('L', 4), ...numbered('E', 2)])
  for (const { id, parts } of promises) t.deepEqual(Object.keys(parts), [...PARTS], id)
})

const COMMENT = /^\s*(?:\/\*|\*|\/\/)/

/**
 * Texts for readers: pages, and the comments of sources. Golden logs and texts in code marks are
 * left out.
 */
const prose = [
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...everyFile()]
    .filter((path) => path.endsWith('.md') && path !== PAGE)
    .map((path) => ({ path, text: readFileSync(path, 'utf8') })),
  ...everySource().map(({ path, text }) => ({
    path,
    text: text
      .split('\n')
      .filter((line) => COMMENT.test(line))
      .join('\n'),
  })),
].map(({ path, text }) => ({ path, text: text.replaceAll(/`[^`]*`/g, '') }))

const CITATION = /\bpromises? ([ILE]\d+(?:(?:, | and |, and )[ILE]\d+)*)/gi

/**
 * A report of the simulator begins with what is broken: the argument of a report, or the first word
 * of a sentence.
 */
const REPORTS = [/[`']([ILEAB]\d{1,2})(?=[ '])/g, /\breport\(\s*[`']([A-Za-z][\w-]*)/g]

const reports = everySource()
  .filter(({ path }) => /^(?:ops\/simulator|transports\/simulated)\//.test(path))
  .flatMap(({ path, text }) => {
    const code = text.split('\n').filter((line) => !COMMENT.test(line))
    const labels = REPORTS.flatMap((report) => [...code.join('\n').matchAll(report)])
    return [...new Set(labels.map(([, label]) => `${label} in ${path}`))]
  })
  .toSorted()

test('every cited promise is described, and every described one is cited', (t) => {
  const cited = prose.flatMap(({ text }) =>
    [...text.matchAll(CITATION)].flatMap(([, list = '']) => list.split(/, and |, | and /)),
  )
  t.deepEqual([...new Set(cited)].toSorted(), promises.map(({ id }) => id).toSorted())
})

test('a promise is cited as a promise, so that the meaning of its number is clear', (t) => {
  const bare = /\b(?:I(?:[1-9]|1[01])|L[1-4]|E[12])\b/g
  const found = prose.flatMap(({ path, text }) =>
    [...text.replaceAll(CITATION, '').matchAll(bare)].map(([number]) => `${path}: ${number}`),
  )
  t.deepEqual(found, [])
})

test('every report of the simulator is named on the page, with the file that reports it', (t) => {
  const described = [...promises, ...others].flatMap(({ id, parts }) =>
    marked(parts['simulator rule'])
      .filter(isFile)
      .map((path) => `${id} in ${path}`),
  )
  t.deepEqual(described.toSorted(), reports)
})

test('a promise without its own rule says so, and names the promises that are reported', (t) => {
  const ids = promises.map(({ id }) => id)
  for (const { id, parts } of promises) {
    const rule = parts['simulator rule'] ?? ''
    if (marked(rule).length > 0) continue
    const instead = [...rule.matchAll(/\b[ILE]\d+\b/g)].map(([promise]) => promise)
    t.true(rule.startsWith('none of its own. '), id)
    t.true(instead.length > 0 && instead.every((promise) => ids.includes(promise)), id)
  }
})

test('every file and every story that the page names is there', (t) => {
  const files = PARTS.filter((part) => part !== 'stories').flatMap((part) => named(part))
  t.deepEqual(
    files.filter((name) => isFile(name) && !existsSync(name)),
    [],
  )
  const [enforced, specs] = [named('enforced in'), named('specs')]
  t.deepEqual(
    [
      ...enforced.filter((path) => path.startsWith('spec/')),
      ...specs.filter((path) => !path.startsWith('spec/')),
    ],
    [],
  )
  const stories = readdirSync('spec/scenarios')
  t.deepEqual(
    named('stories').filter((story) => !stories.includes(story)),
    [],
  )
})

test('every sabotage is named with what it breaks, and every named one is tried', (t) => {
  const titles = SABOTAGE_CASES.map(({ title }) => title)
  const unknown = named('sabotage').filter((name) => !isFile(name) && !titles.includes(name))
  t.deepEqual(unknown, [])
  const missing = SABOTAGE_CASES.filter(({ title, promise }) => {
    const section = [...promises, ...others].find(({ id }) => id === promise.split(' ', 1)[0])
    return !marked(section?.parts['sabotage']).includes(title)
  })
  t.deepEqual(
    missing.map(({ title, promise }) => `${promise}: ${title}`),
    [],
  )
})
