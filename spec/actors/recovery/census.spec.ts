/**
 * The cap over all segments judges a host together with all hosts that fail with it, in any
 * segment.
 */
import test from 'ava'
import { censusOf } from '../../../actors/recovery/census.ts'
import type { SegmentSnapshot } from '../../../actors/ports/store.ts'
import { hostId, hostName, type HostId, type HostName } from '../../../schema/ids.ts'
import {
  H1,
  H2,
  ONE,
  TWO,
  certificateRow,
  hostRow,
  notificationRow,
  snapshotRow,
  commandRow,
} from '../records.ts'

const FAR = hostId('host-9')
const NINE = hostName('compute-9')
const far = (createdAt: number) => ({ sourceHost: FAR, createdAt })
const overall = (onMaintenance: boolean) => ({
  hostsOverall: [
    hostRow(),
    hostRow({ uuid: H2, name: TWO }),
    hostRow({ uuid: FAR, name: NINE, onMaintenance }),
  ],
})

const SEPARATE = { kind: 'separate' } as const
const RULES = { gatheringMs: 60_000, deadDomain: 'hosts' } as const

interface Case {
  readonly snapshot?: Partial<SegmentSnapshot>
  readonly doubted?: readonly HostId[]
  readonly group: readonly HostName[]
}

const CASES: Readonly<Record<string, Case>> = {
  'a host that fails alone is judged alone': { group: [ONE] },
  'a host of another segment that is reported within a minute is of the group': {
    snapshot: { failing: [far(60_000)] },
    group: [ONE, NINE],
  },
  'a host of another segment that was reported earlier is not': {
    snapshot: { failing: [far(-60_001)] },
    group: [ONE],
  },
  'hosts of any segment that observers have begun to doubt are of the group': {
    doubted: [H2, FAR],
    group: [ONE, TWO, NINE],
  },
  'a host of another segment that is out of service is not': {
    snapshot: { ...overall(true), failing: [far(0)] },
    doubted: [FAR],
    group: [ONE],
  },
  'a host that is not registered any more is not': {
    snapshot: { failing: [{ sourceHost: hostId('gone'), createdAt: 0 }] },
    group: [ONE],
  },
  'a recovery that has begun is judged alone': {
    snapshot: { notification: notificationRow({ status: 'error' }), failing: [far(0)] },
    doubted: [FAR],
    group: [ONE],
  },
  'a host that is certainly dead is judged alone': {
    snapshot: { certificate: certificateRow(), failing: [far(0)] },
    group: [ONE],
  },
}

for (const [title, { snapshot, doubted = [], group }] of Object.entries(CASES)) {
  test(title, (t) => {
    const whole = snapshotRow({ ...overall(false), hostsActedOnOverall: [H2], ...snapshot })
    const census = censusOf({ snapshot: whole, doubted: new Set(doubted), cut: SEPARATE }, RULES)
    t.deepEqual([...(census?.group.values() ?? [])], group)
    t.deepEqual([census?.hosts, census?.actedOn], [3, new Set([H2])])
  })
}

test('a recovery that an operator has approved is not judged', (t) => {
  const snapshot = snapshotRow({ commands: [commandRow({ kind: 'approve' })], failing: [far(0)] })
  t.is(censusOf({ snapshot, doubted: new Set([H1, FAR]), cut: SEPARATE }, RULES), null)
})
