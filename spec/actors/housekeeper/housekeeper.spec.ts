/** The housekeeper: when it purges, and what it does about a store that is away. */
import test from 'ava'
import {
  housekeeper,
  type HousekeeperEffect,
  type HousekeeperMessage,
  type HousekeeperState,
} from '../../../actors/housekeeper/housekeeper.ts'
import { defineHousekeeper } from '../../../actors/housekeeper/perform-housekeeper.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { PurgeOrder } from '../../../actors/ports/housekeeping-store.ts'
import { CodedError } from '../../../schema/errors.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { recordingLog } from '../../support/logs.ts'
import { testSteps, timer } from '../step-table.ts'

const state: HousekeeperState = { kind: 'keeping-house' }
const due: HousekeeperMessage = { type: 'housekeeping.due' }

testSteps<
  HousekeeperState,
  HousekeeperMessage,
  HousekeeperEffect | KernelEffect<HousekeeperMessage>
>(housekeeper, [
  {
    title: 'a new leader has ten minutes for more urgent things',
    state,
    message: { type: 'housekeeping.begin' },
    effects: [timer('purge', 600_000, due)],
  },
  {
    title: 'when it is due the store is purged',
    state,
    message: due,
    effects: [{ type: 'store.purge' }],
  },
  {
    title: 'an hour after a purge the next one is due',
    state,
    message: { type: 'housekeeping.ended' },
    effects: [timer('purge', 3_600_000, due)],
  },
])

function performing(purge: (order: PurgeOrder) => Promise<object>) {
  const clock = new VirtualClock()
  const log = recordingLog()
  const counted = { notifications: 0, hosts: 0, segments: 0 }
  const { perform } = defineHousekeeper({
    clock,
    log,
    store: { purge: async (order) => ({ ...counted, ...(await purge(order)) }) },
    rules: { retentionMs: 86_400_000, rowsMax: 7 },
  })
  const run = async () => perform({ type: 'store.purge' }, new AbortController().signal)
  return { run, clock, log }
}

test('the order says what is old enough, and how many rows at most', async (t) => {
  const orders: PurgeOrder[] = []
  const { run, clock, log } = performing(async (order) => {
    orders.push(order)
    return { notifications: 3 }
  })
  t.deepEqual(await run(), { type: 'housekeeping.ended' })
  t.deepEqual(orders, [{ before: clock.wallMs() - 86_400_000, rowsMax: 7 }])
  t.regex(log.lines.join(), /old rows are gone for good.*"notifications":3/)
})

test('a store that is away is asked again next time, and every other failure crashes', async (t) => {
  const away = performing(async () => {
    throw new CodedError('STORE_UNAVAILABLE', 'away')
  })
  t.deepEqual(await away.run(), { type: 'housekeeping.ended' })
  t.regex(away.log.lines.join(), /old rows stay for now/)
  const broken = performing(async () => {
    throw new TypeError('broken')
  })
  await t.throwsAsync(broken.run(), { message: 'broken' })
})
