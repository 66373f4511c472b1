/** What would happen to a host with two instances: one would move, and one would wait. */
import { hostName, instanceId } from '../../schema/ids.ts'

export const REHEARSAL = {
  decision: 'act',
  reason: null,
  fates: [
    {
      instance: instanceId('a'),
      name: 'vm-a',
      fate: 'move',
      target: hostName('compute-2'),
      reason: null,
    },
    { instance: instanceId('b'), name: 'vm-b', fate: 'wait', target: null, reason: 'no room' },
  ],
} as const
