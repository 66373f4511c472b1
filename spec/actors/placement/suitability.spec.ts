/** Which hosts are excluded for an instance, and which are preferred, before Nova is asked. */
import test from 'ava'
import {
  objectionOfGroup,
  objectionsOf,
  reluctanceOf,
} from '../../../actors/placement/suitability.ts'
import type { ServerGroup } from '../../../actors/ports/compute.ts'
import { I1, I2, I3, ONE, THREE, TWO, serviceRow } from '../records.ts'

const SERVICES = [
  serviceRow({ host: ONE, zone: 'a' }),
  serviceRow({ host: TWO, zone: 'b' }),
  serviceRow({ host: THREE }),
]
const group = (change: Partial<ServerGroup>): ServerGroup => ({
  id: 'group',
  name: 'web',
  policy: 'anti-affinity',
  perHostMax: 1,
  members: [I1, I2, I3],
  ...change,
})

test('a host of another zone is excluded for an instance that is bound to a zone, and not for others', (t) => {
  const bound = objectionsOf({ zone: 'a', request: null }, SERVICES, new Map())
  t.deepEqual([...bound.keys()], [TWO], 'of a host without a known zone nothing is said')
  t.is(objectionsOf({ zone: null, request: null }, SERVICES, new Map()).size, 0)
})

test('a host that Placement does not name is excluded, and none is while Placement does not answer', (t) => {
  const asks = { zone: null, request: 'resources=VGPU:1' }
  const known = objectionsOf(asks, SERVICES, new Map([['resources=VGPU:1', new Set([TWO])]]))
  t.deepEqual([...known.keys()], [ONE, THREE])
  t.is(objectionsOf(asks, SERVICES, new Map()).size, 0)
})

test('members of an anti-affinity group exclude a host with as many members as allowed', (t) => {
  t.regex(objectionOfGroup(group({}), ONE, [ONE]) ?? '', /different hosts/)
  t.is(objectionOfGroup(group({}), TWO, [ONE]), undefined)
  t.is(objectionOfGroup(group({ perHostMax: 2 }), ONE, [ONE]), undefined)
  t.regex(objectionOfGroup(group({ perHostMax: 2 }), ONE, [ONE, ONE]) ?? '', /different hosts/)
})

test('members of an affinity group must go where the other members are', (t) => {
  const together = group({ policy: 'affinity' })
  t.regex(objectionOfGroup(together, TWO, [ONE]) ?? '', /is on compute-1/)
  t.is(objectionOfGroup(together, ONE, [ONE]), undefined)
  t.is(objectionOfGroup(together, TWO, []), undefined)
})

test('a soft policy is a preference, and excludes no host', (t) => {
  const apart = group({ policy: 'soft-anti-affinity' })
  const together = group({ policy: 'soft-affinity' })
  t.is(objectionOfGroup(apart, ONE, [ONE]), undefined)
  t.is(objectionOfGroup(together, TWO, [ONE]), undefined)
  t.true(reluctanceOf(apart, ONE, [ONE]) > reluctanceOf(apart, TWO, [ONE]))
  t.true(reluctanceOf(together, ONE, [ONE]) < reluctanceOf(together, TWO, [ONE]))
})
