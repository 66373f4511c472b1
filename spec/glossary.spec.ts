/** The glossary is the list of the terms in use: none that occurs nowhere, every kind of actor, and no term that was replaced. */
import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { everySource } from './support/sources.ts'

const PAGE = 'ops/docs/GLOSSARY.md'
const page = readFileSync(PAGE, 'utf8')
const product = everySource().filter(({ path }) => !path.startsWith('spec/'))

/** The terms of the first column; one cell may hold several, parted by commas. */
const terms = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .map((line) => line.split(' | ')[0]?.slice(2) ?? '')
  .filter((cell) => cell !== 'term')
  .flatMap((cell) => cell.split(', '))

/** `power recheck` is also `power-recheck`, `powerRecheck` and `POWER_RECHECK`, and may be a part of a longer name. */
const inUse = (term: string): RegExp => new RegExp(term.trim().replaceAll(/[ -]/g, '[ _-]?'), 'i')

const kinds = [
  ...readFileSync('actors/registry.ts', 'utf8').matchAll(/^ {2}'?([a-z-]+)'?: \{ arg/gm),
].map(([, kind]) => kind ?? '')

const folders = readdirSync('actors', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** Names of our own that were replaced, by the term of the field that took their place. */
const REPLACED: Readonly<Record<string, RegExp>> = {
  'operator command':
    /\b(?:operator|site)_?words?\b|\bwords? of operators\b|\boperator'?s'? words?\b/i,
  'recovery control': /\bstandings?\b/i,
  'fence device': /\blevers?\b/i,
  'power recheck': /\bvigils?\b/i,
  'leadership term': /\btenures?\b/i,
  'guarded action': /\bdeeds?\b/i,
  reconciler: /\baftermath\b/i,
  expedite: /\bhasten\b/i,
  blocked: /hindered\b/i,
  'concurrency limiter': /\bpacing\b|\bSharedPace\b/i,
  'bus subscription': /\boverheard\b/i,
}

test('every term of the glossary is in use', (t) => {
  const text = product.map((source) => source.text).join('\n')
  const unused = terms.filter((term) => !inUse(term).test(text))
  t.deepEqual(unused, [])
})

test('no term stands twice in the glossary', (t) => {
  t.deepEqual(
    terms.filter((term, index) => terms.indexOf(term) !== index),
    [],
  )
})

test('every kind of actor and every folder of actors/ is a term of the glossary', (t) => {
  t.true(kinds.length > 10)
  const named = [...kinds, ...folders].map((name) => name.replaceAll('-', ' '))
  const missing = named.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))
  t.deepEqual([...new Set(missing)], [])
})

test('no name that a term of the field has replaced is left', (t) => {
  const migrations = /^schema\/migrations\//
  const left = Object.entries(REPLACED).flatMap(([term, old]) =>
    product
      .filter(({ path }) => !migrations.test(path))
      .flatMap(({ path, text }) =>
        old.test(text) ? [`${path}: ${old.exec(text)?.[0]} is a ${term}`] : [],
      ),
  )
  t.deepEqual(left, [])
})
