/** For a guest's recovery, only actions since the report or the retry count. */
import { instanceRecovery } from '../../../actors/instance-recovery/instance-recovery.ts'
import { testSteps } from '../step-table.ts'
import { ORDER, RULES, climbs, ends, reply, verifies } from './examining.ts'
import { DEAD, at, examined, marked, ordered } from './guests.ts'

testSteps(instanceRecovery(ORDER, RULES), [
  ends(
    'a guest that was started since the report needs nothing',
    examined(marked(), { actions: [at('reboot', 90_000, 'user'), at('create', 0)] }),
    reply('finished', 'it was started again meanwhile'),
  ),
  verifies(
    'a start that may be older than the fault does not count',
    'hard-reboot',
    examined(marked(), { actions: [at('reboot', 50_000, 'user'), at('create', 0)] }),
  ),
  climbs(
    'a guest that was started since the report and does not run is restarted',
    'hard-reboot',
    examined(marked(DEAD), { actions: [at('reboot', 90_000, 'user'), at('create', 0)] }),
  ),
])

const BEFORE = {
  orders: [ordered('hard-reboot', 50_000, 3)],
  actions: [at('reboot', 50_000), at('create', 0)],
}
const RETRIED = { ...ORDER, firstRun: 4, askedForAt: 90_000 }

testSteps(instanceRecovery(RETRIED, RULES), [
  verifies(
    'an order from before a retry is not its success',
    'hard-reboot',
    examined(marked(), BEFORE),
  ),
  climbs(
    'a rung from before a retry is tried again, also when it left the guest in error',
    'hard-reboot',
    examined(marked({ vmState: 'error', ...DEAD }), BEFORE),
  ),
  ends(
    'a rung of an earlier run since the retry counts as tried',
    examined(marked({ vmState: 'error', ...DEAD }), {
      orders: [...BEFORE.orders, ordered('hard-reboot', 100_000, 4)],
      actions: [at('reboot', 100_000), ...BEFORE.actions],
    }),
    reply('failed', 'it is still error after hard-reboot'),
  ),
])

const LOST = [1, 2, 3, 4, 5].map((count) => ordered('hard-reboot', count * 60_000))
const lost = (count: number) =>
  examined(marked(), { orders: LOST.slice(0, count), actions: [at('create', 0)] })

testSteps(instanceRecovery(ORDER, RULES), [
  climbs('an order that Nova shows nothing of is given again', 'hard-reboot', lost(4)),
  ends(
    'but with a limit: a guest that runs is not rebooted again and again',
    lost(5),
    reply('failed', 'Nova shows nothing of 5 orders: hard-reboot'),
  ),
])

testSteps(instanceRecovery({ ...ORDER, firstRun: 2 }, RULES), [
  verifies('what was lost before a retry does not count', 'hard-reboot', lost(5)),
])
