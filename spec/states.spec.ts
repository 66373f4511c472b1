/**
 * `ops/docs/states.md` shows the tables at the top of the actors' files, and explains each of their
 * states.
 */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { tableOf } from './actors/state-table.ts'
import { everySource } from './support/sources.ts'

const [, ...chapters] = readFileSync('ops/docs/states.md', 'utf8').split(/^## /m)

/** The chapters of the page, by the file that they describe. */
const pages = new Map(
  chapters.map((text) => [/^.+: `actors\/(.+)`\n/.exec(text)?.[1] ?? text, text] as const),
)

/** The cells of the table of a chapter, row by row, its head first. */
const shown = (chapter: string): readonly (readonly string[])[] => {
  const [head, , ...rows] = chapter.split('\n').filter((line) => line.startsWith('| '))
  return [head ?? '', ...rows].map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

test('every file that begins with a state table has its chapter', (t) => {
  const files = everySource()
    .filter(({ path, text }) => path.startsWith('actors/') && /^ \* \| /m.test(text))
    .map(({ path }) => path.replace('actors/', ''))
  t.deepEqual([...pages.keys()].toSorted(), files.toSorted())
})

for (const [file, chapter] of pages) {
  test(`the page shows the table of ${file}`, (t) => t.deepEqual(shown(chapter), tableOf(file)))

  test(`the page explains each state of ${file}, and no other`, (t) => {
    const explained = [...chapter.matchAll(/^\* `([^`]+)`: /gm)].map(([, state = '']) => state)
    const [, ...rows] = tableOf(file)
    const named = rows.flatMap(([from = '', , to = '']) => `${from}, ${to}`.split(', '))
    const states = new Set(named.filter((state) => state !== 'same'))
    t.deepEqual(explained.toSorted(), [...states].toSorted())
  })
}
