/** The pool of database connections, from the options of oslo.db. */
import test from 'ava'
import { connectionLimits } from '../../ops/connection-limits.ts'
import { describeProblems, readConfig } from '../../ops/load-config.ts'

for (const { text, kept, max } of [
  { text: '', kept: 5, max: 10 },
  { text: 'max_pool_size = 5\nmax_overflow = 50', kept: 5, max: 55 },
  { text: 'max_pool_size = 1', kept: 1, max: 6 },
  { text: 'max_pool_size = 1\nmax_overflow = 0', kept: 1, max: 2 },
  { text: 'max_pool_size = 0', kept: 100, max: 100 },
  { text: 'max_overflow = -1', kept: 5, max: 100 },
  { text: 'max_pool_size = 500', kept: 100, max: 100 },
]) {
  test(`connections to the database: ${JSON.stringify(text)}`, (t) => {
    const loaded = readConfig(`[database]\n${text}`, 'embedded')
    if (loaded.kind === 'invalid') return t.fail(describeProblems(loaded.problems))
    t.deepEqual(connectionLimits(loaded.config.store), { kept, max })
  })
}
