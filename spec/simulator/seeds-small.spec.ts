/** A hundred seeded disasters in small clouds. Another hundred run in `seeds-large.spec.ts`. */
import test from 'ava'
import { SMALL_SIZE } from '../../ops/simulator/run-seed.ts'
import { keepsPromises } from './keeps-promises.ts'

test('a hundred disasters in small clouds break no promise', async (t) => {
  t.timeout(300_000)
  await keepsPromises(t, { first: 1, count: 100, size: SMALL_SIZE })
})
