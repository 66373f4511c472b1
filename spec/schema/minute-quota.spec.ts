/** The quota of each minute. */
import test from 'ava'
import { MinuteQuota } from '../../schema/minute-quota.ts'

test('the quota limits one minute, and the next minute has the same quota', (t) => {
  const quota = new MinuteQuota(2)
  const taken = [5, 6, 7, 60_004, 60_005, 60_006, 60_007].map((nowMs) => quota.take(nowMs))
  t.deepEqual(taken, [true, true, false, false, true, true, false])
})
