/**
 * Every folder of `spec/scenarios` is a failover story: its expectations hold, and its log equals
 * the golden one.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { goldenOf, readStory, tell } from './simulator/story.ts'

const STORIES = join(import.meta.dirname, 'scenarios')

const folders = readdirSync(STORIES, { withFileTypes: true }).filter((entry) => entry.isDirectory())

for (const { name } of folders) {
  test(`the story ${name} goes as it is told`, async (t) => {
    const folder = join(STORIES, name)
    const told = await tell(readStory(folder))
    t.deepEqual(told.violations, [])
    t.not(told.expectations.length, 0)
    for (const { atMs, facts, expected } of told.expectations) {
      t.like(facts, expected, `at ${atMs} ms`)
    }
    t.is(told.log, goldenOf(folder, told.log))
  })
}
