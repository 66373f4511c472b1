/** The housekeeper: when it purges, and what it does about a store that is away. */
import test from 'ava'
import {
  housekeeper,
  type HousekeeperAnswer,
  type HousekeeperTask,
} from '../../../actors/housekeeper/housekeeper.ts'
import { defineHousekeeper } from '../../../actors/housekeeper/perform-housekeeper.ts'
import type { PurgeOrder } from '../../../actors/ports/housekeeping-store.ts'
import { CodedError } from '../../../schema/errors.ts'
import { recordingLog } from '../../support/logs.ts'
import { testDecisions } from '../decision-table.ts'
import { openActor } from '../periodic-stage.ts'

const NONE = { notifications: 0, hosts: 0, segments: 0 }
const some = { ...NONE, hosts: 2 }

testDecisions<null, HousekeeperTask, HousekeeperAnswer>(
  { file: 'housekeeper/housekeeper.ts', initial: null, decide: housekeeper },
  {
    'rows are gone → it is logged': [
      {
        title: 'how many',
        answer: { type: 'store.purged', purged: some },
        tasks: [{ type: 'log.purged', purged: some }],
      },
    ],
    'no row was old enough → nothing': [
      { title: 'no line', answer: { type: 'store.purged', purged: NONE } },
    ],
    'the store is away → it is logged: nothing is lost by forgetting later': [
      {
        title: 'why',
        answer: { type: 'store.away', problem: 'it restarts' },
        tasks: [{ type: 'log.put-off', problem: 'it restarts' }],
      },
    ],
    'it is logged → nothing': [{ title: 'it is over', answer: { type: 'log.written' } }],
  },
)

/** One that has just begun to lead. */
async function keepingHouse(purge: (order: PurgeOrder) => Promise<object>) {
  const log = recordingLog()
  const actor = await openActor((clock) =>
    defineHousekeeper({
      clock,
      log,
      store: { purge: async (order) => ({ ...NONE, ...(await purge(order)) }) },
      rules: { retentionMs: 86_400_000, rowsMax: 7 },
    }),
  )
  return { ...actor, log }
}

test('a new leader has ten minutes for more urgent things; then it purges hour by hour', async (t) => {
  const times: number[] = []
  const { pass, clock } = await keepingHouse(async () => {
    times.push(clock.monotonicMs())
    return {}
  })
  await pass(2 * 3_600_000)
  t.deepEqual(times, [600_000, 600_000 + 3_600_000])
})

test('the order says what is old enough, and how many rows at most', async (t) => {
  const orders: PurgeOrder[] = []
  const { wake, clock, log } = await keepingHouse(async (order) => {
    orders.push(order)
    return { notifications: 3 }
  })
  await wake()
  t.deepEqual(orders, [{ before: clock.wallMs() - 86_400_000, rowsMax: 7 }])
  t.regex(log.lines.join(), /old rows are gone for good.*"notifications":3/)
})

test('a store that is away is asked again next time, and every other failure crashes', async (t) => {
  const away = await keepingHouse(async () => {
    throw new CodedError('STORE_UNAVAILABLE', 'away')
  })
  await away.wake()
  t.regex(away.log.lines.join(), /old rows stay for now/)
  t.is(away.line()?.lastError, null)
  const broken = await keepingHouse(async () => {
    throw new TypeError('broken')
  })
  await broken.wake()
  t.is(broken.line()?.lastError, 'broken')
})
