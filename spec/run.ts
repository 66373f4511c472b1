/** What `npm test` runs: the named or matching specs, or all of them, and those with real guests and the chaos after the others. */
import { spawnSync } from 'node:child_process'

const given = process.argv.slice(2)
const isPart = given.some((word) => !word.startsWith('-') || /^(--match|-m)/.test(word))
const passes = isPart
  ? [given]
  : ['others', 'guests'].map((name) => ['--config', `ava.${name}.config.mjs`, ...given])

const statuses = passes.map((words) => spawnSync('ava', words, { stdio: 'inherit' }).status ?? 1)
process.exitCode = Math.max(...statuses)
