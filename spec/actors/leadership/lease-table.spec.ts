/** The table at the top of `lease-holder.ts` is what the lease holder does: every state with every message. */
import test from 'ava'
import {
  leaseHolder,
  type LeaseMessage,
  type LeaseState,
} from '../../../actors/leadership/lease-holder.ts'
import { epoch } from '../../../schema/ids.ts'
import { EPOCH } from '../records.ts'
import { rowsOf, stepsOf, textOf } from '../state-table.ts'

const TIMING = { ttlMs: 6000, renewIntervalMs: 2000, campaignIntervalMs: 250, marginMs: 500 }
const HELD = { revision: 3, startedAtMs: 1000 }
/** Of a lease that was held before. */
const OTHER = 2
const LATER = { revision: 4, startedAtMs: 3000 }

const STATES: readonly LeaseState[] = [
  { kind: 'candidate', reason: null },
  { kind: 'claiming-epoch', ...HELD },
  { kind: 'leader', epoch: EPOCH, ...HELD },
  { kind: 'resigned' },
]

const MESSAGES: readonly LeaseMessage[] = [
  { type: 'lease.campaign' },
  { type: 'lease.taken', ...LATER },
  { type: 'lease.missed' },
  { type: 'lease.epoch-claimed', epoch: EPOCH },
  { type: 'lease.epoch-refused', reason: 'the store is away' },
  { type: 'lease.renew-due' },
  { type: 'lease.renewed', of: HELD.revision, ...LATER },
  { type: 'lease.renewed', of: OTHER, ...LATER },
  { type: 'lease.renew-failed', of: HELD.revision },
  { type: 'lease.renew-failed', of: OTHER },
  { type: 'lease.lost', of: HELD.revision },
  { type: 'lease.lost', of: OTHER },
  { type: 'lease.expired' },
  { type: 'lease.deposed', epoch: EPOCH },
  { type: 'lease.deposed', epoch: epoch(6) },
  { type: 'lease.resign' },
]

test('everything that the lease holder does is in the table, and every row of the table happens', (t) => {
  const steps = stepsOf([leaseHolder(TIMING)], STATES, MESSAGES)
  t.deepEqual(textOf(steps), textOf(rowsOf('leadership/lease-holder.ts')))
})
