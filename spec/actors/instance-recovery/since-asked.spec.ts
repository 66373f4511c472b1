/** What counts for a guest's recovery is what was done since it was asked for. */
import { instanceRecovery } from '../../../actors/instance-recovery/instance-recovery.ts'
import { testSteps } from '../step-table.ts'
import { ORDER, RULES, climbs, ends, reply } from './examining.ts'
import { DEAD, at, examined, marked } from './guests.ts'

testSteps(instanceRecovery(ORDER, RULES), [
  ends(
    'a guest that somebody has started since the report needs nothing',
    examined(marked(), { actions: [at('reboot', 90_000, 'user'), at('create', 0)] }),
    reply('finished', 'it was started again meanwhile'),
  ),
  climbs(
    'a start that may have been before the fault counts for nothing',
    'hard-reboot',
    examined(marked(), { actions: [at('reboot', 50_000, 'user'), at('create', 0)] }),
  ),
  climbs(
    'a guest that was started since, and does not run, is restarted',
    'hard-reboot',
    examined(marked(DEAD), { actions: [at('reboot', 90_000, 'user'), at('create', 0)] }),
  ),
])
