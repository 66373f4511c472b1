/** What a fence that still climbs says of itself. */
import test from 'ava'
import { explained } from '../../../actors/fence/climb-reason.ts'
import { fence } from '../../../actors/fence/fence.ts'
import type { FenceMessage } from '../../../actors/fence/fence-messages.ts'
import { BMC, FENCE_TIMING, OPERATOR, fenceOrder } from '../fence-order.ts'
import { UNSEEN } from '../records.ts'

const BEGIN: FenceMessage = { type: 'fence.begin' }
const LOOKED: FenceMessage = { type: 'fence.looked', look: UNSEEN }
const ON: FenceMessage = { type: 'fence.power-read', rung: 0, power: 'on' }
const DONE: FenceMessage = { type: 'fence.power-off-ordered', rung: 0 }
const failed = (reason: string): FenceMessage => ({
  type: 'fence.power-failed',
  rung: 0,
  reason,
  hopeless: false,
})
const OVER: FenceMessage = { type: 'fence.deadline-passed', rung: 0 }
const ALIVE: FenceMessage = { type: 'fence.abandon', reason: 'monitor-1 sees it alive' }

const STORIES: readonly (readonly [reason: string | undefined, ...messages: FenceMessage[]])[] = [
  ['bmc, rung 1 of 2: the BMC has not answered yet', BEGIN],
  ['bmc, rung 1 of 2: the BMC has not answered yet; the leader looks at the host', BEGIN, ON],
  ['bmc, rung 1 of 2: power off is being ordered', BEGIN, LOOKED, ON],
  ['bmc, rung 1 of 2: power off was ordered, and is read back', BEGIN, LOOKED, ON, DONE],
  [
    'bmc, rung 1 of 2: power off was ordered and the BMC still reads on',
    BEGIN,
    LOOKED,
    ON,
    DONE,
    ON,
  ],
  ['bmc, rung 1 of 2: silence', BEGIN, LOOKED, failed('silence')],
  [
    'bmc, rung 1 of 2: monitor-1 sees it alive; power off was ordered, and is read back',
    BEGIN,
    LOOKED,
    ON,
    DONE,
    ALIVE,
  ],
  ['operator, rung 2 of 2: no operator has confirmed it yet', BEGIN, failed('silence'), OVER],
  ['monitor-1 sees it alive', BEGIN, ALIVE],
]

for (const [reason, ...messages] of STORIES) {
  const types = messages.map(({ type }) => type.replace('fence.', '')).join(', ')
  test(`after ${types} a fence says: ${reason}`, (t) => {
    const order = fenceOrder(BMC, OPERATOR)
    const behaviour = explained(order, fence(order, FENCE_TIMING))
    let state: Parameters<typeof behaviour>[0] = { kind: 'idle' }
    for (const message of messages) [state] = behaviour(state, message)
    t.is('reason' in state ? state.reason : undefined, reason)
  })
}
