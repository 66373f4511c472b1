/** Where instances go: hosts of the segment that Compute would take them on, the least loaded by us first. */
import test from 'ava'
import { chooseTarget, placementTargets } from '../../../actors/segment/placement.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import type { Host } from '../../../schema/records.ts'
import { ONE, THREE, TWO, hostRow, serviceRow } from '../records.ts'

test('a healthy host of the segment is a target', (t) => {
  t.deepEqual(placementTargets([hostRow({ name: TWO })], [serviceRow()], ONE), [TWO])
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
    t.deepEqual(placementTargets([hostRow(host)], [serviceRow(service)], ONE), [])
  })
}

test('the least loaded target is chosen, the first of equals', (t) => {
  const load = new Map([
    [ONE, 2],
    [TWO, 1],
    [THREE, 1],
  ])
  t.is(chooseTarget([ONE, TWO, THREE], [], load), TWO)
  t.is(chooseTarget([ONE, TWO, THREE], [], new Map([[TWO, 1]])), ONE)
})

test('a target that refused the instance is not asked again', (t) => {
  t.is(chooseTarget([ONE, TWO], [ONE], new Map([[TWO, 9]])), TWO)
  t.is(chooseTarget([ONE, TWO], [ONE, TWO], new Map()), undefined)
  t.is(chooseTarget([], [], new Map()), undefined)
})
