/** Which hosts may take instances: hosts of the segment that Compute accepts. */
import test from 'ava'
import { ANYWHERE, targetsOf, type SegmentHosts } from '../../../actors/placement/targets.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import type { Host } from '../../../schema/records.ts'
import { H2, N1, N2, ONE, THREE, TWO, hostRow, roomRow, serviceRow, targetRow } from '../records.ts'

const census = (change: Partial<SegmentHosts> = {}): SegmentHosts => ({
  hosts: [hostRow({ name: TWO })],
  services: [serviceRow()],
  takenSpares: [],
  rooms: new Map(),
  failed: ONE,
  recovery: N1,
  placement: 'segment',
  ...change,
})

test('a healthy host of the segment is a target, with its known room', (t) => {
  t.deepEqual(targetsOf(census()), [targetRow(TWO)])
  const room = roomRow(3)
  t.deepEqual(targetsOf(census({ rooms: new Map([[TWO, room]]) })), [targetRow(TWO, { room })])
})

test('when Nova chooses, it chooses among all hosts', (t) => {
  t.deepEqual(targetsOf(census({ placement: 'scheduler' })), [targetRow(ANYWHERE)])
})

const UNFIT: readonly (readonly [string, Partial<Host>, Partial<ComputeService>])[] = [
  ['the failed host itself', { name: ONE }, { host: ONE }],
  ['a reserved host on maintenance', { name: TWO, reserved: true, onMaintenance: true }, {}],
  ['a reserved host that is down', { name: TWO, reserved: true }, { up: false }],
  ['a host on maintenance', { name: TWO, onMaintenance: true }, {}],
  ['a host whose service is down', { name: TWO }, { up: false }],
  ['a host whose service is disabled', { name: TWO }, { disabled: true }],
  ['a host whose service is forced down', { name: TWO }, { forcedDown: true }],
  ['a host that Compute does not know', { name: THREE }, {}],
]

for (const [what, host, service] of UNFIT) {
  test(`${what} is no target`, (t) => {
    const change = { hosts: [hostRow(host)], services: [serviceRow(service)] }
    t.deepEqual(targetsOf(census(change)), [])
  })
}

const spare = (change: Partial<Host> = {}): Host =>
  hostRow({ uuid: H2, name: TWO, reserved: true, ...change })
const taken = { host: H2, by: N1, state: 'open' } as const
const SPARES: readonly (readonly [string, Partial<SegmentHosts>, readonly object[]])[] = [
  [
    'a reserved host is a spare that has to be opened',
    { hosts: [spare()], services: [serviceRow({ disabled: true })] },
    [targetRow(TWO, { pool: 'spares', state: 'inactive' })],
  ],
  [
    'a reserved host that nobody disabled is a spare as well',
    { hosts: [spare()] },
    [targetRow(TWO, { pool: 'spares', state: 'inactive' })],
  ],
  [
    'a spare that we have taken is open once it is in service',
    { hosts: [spare({ reserved: false })], takenSpares: [{ ...taken, by: N2 }, taken] },
    [targetRow(TWO, { pool: 'spares' })],
  ],
  [
    'a spare that others have taken is made fit for us first',
    { hosts: [spare({ reserved: false })], takenSpares: [{ ...taken, by: N2 }] },
    [targetRow(TWO, { pool: 'spares', state: 'shared' })],
  ],
  [
    'a spare that an earlier leader took and did not open is opened by us',
    {
      hosts: [spare({ reserved: false })],
      services: [serviceRow({ disabled: true })],
      takenSpares: [taken],
    },
    [targetRow(TWO, { pool: 'spares', state: 'inactive' })],
  ],
  [
    'a spare that another recovery is about to open is waited for',
    {
      hosts: [spare({ reserved: false })],
      services: [serviceRow({ disabled: true })],
      takenSpares: [{ ...taken, by: N2 }],
    },
    [],
  ],
  [
    'a spare that is given back just now is no target',
    { hosts: [spare()], takenSpares: [{ ...taken, state: 'undoing' }] },
    [],
  ],
  [
    'a host that its operator disabled himself is no spare',
    { hosts: [spare({ reserved: false })], services: [serviceRow({ disabled: true })] },
    [],
  ],
  [
    'where Nova chooses among hosts in service, spares are still ours to choose',
    {
      placement: 'scheduler',
      hosts: [spare(), hostRow({ name: THREE })],
      services: [serviceRow({ disabled: true }), serviceRow({ host: THREE })],
    },
    [targetRow(ANYWHERE), targetRow(TWO, { pool: 'spares', state: 'inactive' })],
  ],
]

for (const [title, change, targets] of SPARES) {
  test(title, (t) => {
    t.deepEqual(targetsOf(census(change)), targets)
  })
}
