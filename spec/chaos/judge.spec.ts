/** The judge of the chaos finds every promise that is broken, and nothing in a run that kept them all. */
import test from 'ava'
import type { Footprint } from './footprint.ts'
import { judge, type Evidence, type StoredNotification } from './judge.ts'

const INSTANCE = '00000000-0000-4000-8000-000000000001'
const notification: StoredNotification = {
  uuid: 'n-1',
  type: 'COMPUTE_HOST',
  status: 'finished',
  message: null,
  host: 'compute-01',
  instance: undefined,
  updatedAtMs: 30_000,
}
const arrival = { instance: INSTANCE, source: 'compute-01', dest: 'compute-02', atMs: 25_000 }
const line = { step: 'fence.off', subject: 'compute-01' }

/** A host died, and its instance was evacuated, as it should be. */
const GOOD: Evidence = {
  notifications: [notification],
  journal: [
    { ...line, id: 1, epoch: 1 },
    { ...line, id: 2, epoch: 2 },
  ],
  hostDeaths: [
    {
      host: 'compute-01',
      fate: 'hangs',
      atMs: 15_000,
      instances: [INSTANCE],
      repairedAtMs: undefined,
    },
  ],
  guestDeaths: [],
  acceptances: [{ notification: 'n-1', what: 'COMPUTE_HOST of compute-01', atMs: 16_000 }],
  powerOffs: [{ host: 'compute-01', atMs: 18_000, machine: 'dead' }],
  arrivals: [arrival],
  copies: [{ instance: INSTANCE, vmState: 'active', host: 'compute-02', hosts: ['compute-02'] }],
  violations: [],
  tracks: [],
  unexpectedEnds: [],
  pendingFaults: 0,
}

const samplesOf = (sampleOf: (round: number) => Partial<Footprint>): readonly Footprint[] =>
  Array.from({ length: 60 }, (_, round) => ({
    atMs: 10_000 * round,
    cpuMs: 1000 * round,
    memoryMb: 80,
    descriptors: 30,
    children: 2,
    zombies: 0,
    ...sampleOf(round),
  }))

const growing = (sampleOf: (round: number) => Partial<Footprint>): Partial<Evidence> => ({
  tracks: [
    { node: 'engine-1', role: 'engine', pid: 7, startedAtMs: 0, samples: [...samplesOf(sampleOf)] },
  ],
})

const CASES: readonly (readonly [what: string, change: Partial<Evidence>, finds: RegExp])[] = [
  [
    'a notification that never ended',
    { notifications: [notification, { ...notification, uuid: 'n-2', status: 'running' }] },
    /every fault ends: COMPUTE_HOST n-2 of compute-01 is still running/,
  ],
  [
    'an accepted report that is not in the store',
    { acceptances: [{ notification: 'n-9', what: 'VM of compute-03', atMs: 1 }] },
    /every fault ends: VM of compute-03 was accepted as n-9, and is not in the store/,
  ],
  ['a fault that stayed in the stream', { pendingFaults: 3 }, /3 faults in the stream/],
  [
    'a host that died without a recovery',
    { notifications: [{ ...notification, status: 'ignored' }] },
    /compute-01 hangs, and no recovery of it ended/,
  ],
  [
    'a host whose last recovery is of before its death',
    { notifications: [{ ...notification, updatedAtMs: 10_000 }] },
    /compute-01 hangs, and no recovery of it ended/,
  ],
  [
    'a guest that died and that nobody reported',
    {
      guestDeaths: [{ instance: INSTANCE, host: 'compute-02', atMs: 30_000 }],
      copies: [{ instance: INSTANCE, vmState: 'stopped', host: 'compute-02', hosts: [] }],
    },
    /died on compute-02, no recovery of it ended, and it does not run/,
  ],
  [
    'a guest that died and whose report was ignored',
    {
      guestDeaths: [{ instance: INSTANCE, host: 'compute-02', atMs: 30_000 }],
      notifications: [
        notification,
        { ...notification, uuid: 'n-2', type: 'VM', status: 'ignored', instance: INSTANCE },
      ],
      copies: [{ instance: INSTANCE, vmState: 'stopped', host: 'compute-02', hosts: [] }],
    },
    /died on compute-02, no recovery of it ended, and it does not run/,
  ],
  [
    'an instance on two hosts',
    {
      copies: [
        {
          instance: INSTANCE,
          vmState: 'active',
          host: 'compute-02',
          hosts: ['compute-01', 'compute-02'],
        },
      ],
    },
    /one copy: .* runs on compute-01 and compute-02/,
  ],
  [
    'an instance that Nova calls active and that runs nowhere',
    { copies: [{ instance: INSTANCE, vmState: 'active', host: 'compute-02', hosts: [] }] },
    /is active for Nova and runs nowhere/,
  ],
  [
    'an instance that was evacuated twice',
    { arrivals: [arrival, { ...arrival, dest: 'compute-03' }] },
    /one evacuation: .* was evacuated from compute-01 \(its death 1\) 2 times/,
  ],
  [
    'a healthy host that was powered off',
    { powerOffs: [{ host: 'compute-04', atMs: 1000, machine: 'healthy' }] },
    /no healthy host is fenced: compute-04 was healthy/,
  ],
  [
    'a step of an earlier leader after one of a later leader',
    {
      journal: [
        { ...line, id: 1, epoch: 2 },
        { ...line, id: 2, epoch: 1 },
      ],
    },
    /no stale epoch: line 2, fence.off of compute-01, has epoch 1 after epoch 2/,
  ],
  ['memory that grows', growing((round) => ({ memoryMb: 80 + 4 * round })), /its memory grew/],
  ['descriptors that grow', growing((round) => ({ descriptors: 30 + round })), /its descriptors/],
  ['children that stay', growing((round) => ({ children: round })), /its children grew/],
  ['zombies', growing(() => ({ zombies: 4 })), /no leak: engine-1 \(7\): 4 zombies/],
  ['a process that ended by itself', { unexpectedEnds: ['engine-1 ended with 1'] }, /no crash/],
  [
    'what the simulated world has noticed',
    { violations: ['I3 two evacuations of vm-001 in flight at 5 ms'] },
    /one evacuation: I3 two evacuations/,
  ],
]

const found = (evidence: Evidence): readonly string[] =>
  judge(evidence).map(({ promise, what }) => `${promise}: ${what}`)

test('a run that kept every promise has no finding', (t) => {
  t.deepEqual(found(GOOD), [])
})

test('an instance may leave a host again after the host has died again', (t) => {
  const deaths = [15_000, 90_000].map((atMs) => ({
    host: 'compute-01',
    fate: 'loses power' as const,
    atMs,
    instances: [INSTANCE],
    repairedAtMs: atMs + 10_000,
  }))
  const later = { ...arrival, atMs: 95_000 }
  const notifications = [notification, { ...notification, uuid: 'n-2', updatedAtMs: 99_000 }]
  t.deepEqual(found({ ...GOOD, notifications, hostDeaths: deaths, arrivals: [arrival, later] }), [])
})

test('a recovery counts that has failed, and an instance that was given up with its host', (t) => {
  const early = { ...notification, status: 'failed' }
  const left = { instance: INSTANCE, vmState: 'active', host: 'compute-01', hosts: [] }
  t.deepEqual(found({ ...GOOD, notifications: [early], copies: [left], arrivals: [] }), [])
})

test('memory that grows only while a process begins is no leak', (t) => {
  const change = growing((round) => ({ memoryMb: Math.min(160, 80 + 40 * round) }))
  t.deepEqual(found({ ...GOOD, ...change }), [])
})

test('memory of a process that has hardly had a processor is no leak, for it still begins', (t) => {
  const change = growing((round) => ({ memoryMb: 80 + 4 * round, cpuMs: 300 * round }))
  t.deepEqual(found({ ...GOOD, ...change }), [])
})

for (const [what, change, finds] of CASES) {
  test(`the judge finds ${what}`, (t) => {
    const all = found({ ...GOOD, ...change })
    t.is(all.length, 1, all.join('\n'))
    t.regex(all.join('\n'), finds)
  })
}
