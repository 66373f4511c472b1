/** Another hundred seeded disasters; the last ones in a cloud of 24 hosts and 150 instances. */
import test from 'ava'
import { FULL_SIZE, SMALL_SIZE } from '../../ops/simulator/run-seed.ts'
import { keepsPromises } from './keeps-promises.ts'

test('a hundred other disasters in small clouds break no promise', async (t) => {
  t.timeout(300_000)
  await keepsPromises(t, { first: 101, count: 100, size: SMALL_SIZE })
})

test('disasters in a cloud of 24 hosts and 150 instances break no promise', async (t) => {
  t.timeout(120_000)
  await keepsPromises(t, { first: 201, count: 3, size: FULL_SIZE })
})
