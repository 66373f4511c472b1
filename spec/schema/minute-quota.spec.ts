/** So many in a minute, and then again. */
import test from 'ava'
import { MinuteQuota } from '../../schema/minute-quota.ts'

test('so many fit into a minute, and as many into the next one', (t) => {
  const quota = new MinuteQuota(2)
  const taken = [5, 6, 7, 60_004, 60_005, 60_006, 60_007].map((nowMs) => quota.take(nowMs))
  t.deepEqual(taken, [true, true, false, false, true, true, false])
})
