/** Which hosts may take instances: those of the segment that Compute would take them on. */
import test from 'ava'
import { ANYWHERE, targetsOf, type Census } from '../../../actors/placement/targets.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import type { Host } from '../../../schema/records.ts'
import { ONE, THREE, TWO, hostRow, roomRow, serviceRow, targetRow } from '../records.ts'

const census = (change: Partial<Census> = {}): Census => ({
  hosts: [hostRow({ name: TWO })],
  services: [serviceRow()],
  rooms: new Map(),
  failed: ONE,
  placement: 'segment',
  ...change,
})

test('a healthy host of the segment is a target, with the room that it is known to have', (t) => {
  t.deepEqual(targetsOf(census()), [targetRow(TWO)])
  const room = roomRow(3)
  t.deepEqual(targetsOf(census({ rooms: new Map([[TWO, room]]) })), [targetRow(TWO, { room })])
})

test('where Nova chooses, it does so among all hosts', (t) => {
  t.deepEqual(targetsOf(census({ placement: 'scheduler' })), [targetRow(ANYWHERE)])
})

const UNFIT: readonly (readonly [string, Partial<Host>, Partial<ComputeService>])[] = [
  ['the failed host itself', { name: ONE }, { host: ONE }],
  ['a reserved host', { name: TWO, reserved: true }, {}],
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
