/** What a host monitor tells operators of its hosts: names that only one side knows, and libvirt's health. */
import test from 'ava'
import { HostRemarks } from '../../../actors/host-watcher/host-remarks.ts'
import { hostName } from '../../../schema/ids.ts'
import { RoleHealth } from '../../../schema/messages/leadership.ts'
import { decode, encode } from '../../../schema/messages/codec.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'

const NONE = { count: 0, hosts: [] }
const [ONE, TWO, THREE] = ['compute-1', 'compute-2', 'compute-3'].map((name) => hostName(name))

test('libvirt is shown as the latest heartbeats say, until they are old or the host is not watched', async (t) => {
  const clock = new VirtualClock()
  const remarks = new HostRemarks(clock)
  t.is(remarks.shown(), undefined)
  if (ONE === undefined || TWO === undefined || THREE === undefined) return t.fail()
  remarks.noteLibvirt(ONE, 'silent')
  remarks.noteLibvirt(TWO, 'silent')
  remarks.noteLibvirt(THREE, 'unknown')
  remarks.noteLibvirt(ONE, 'answers')
  const shown = { libvirtAnswers: 1, libvirtSilent: { count: 1, hosts: [TWO] }, libvirtUnknown: 1 }
  t.deepEqual(remarks.shown(), shown, 'nothing is said of strays before both lists were read')
  remarks.forget(TWO)
  t.like(remarks.shown(), { libvirtSilent: NONE })
  await clock.pass(16_000, async () => undefined)
  t.deepEqual(remarks.shown(), { libvirtAnswers: 0, libvirtSilent: NONE, libvirtUnknown: 0 })
})

test('very many names, and names that no message may carry, are told within bounds', (t) => {
  const remarks = new HostRemarks(new VirtualClock())
  const hostile = [
    '\u0000\u001b[2J',
    '\ud800',
    'x'.repeat(5000),
    ...Array.from({ length: 20_000 }, (_, at) => `c-${at}`),
  ]
  remarks.noteStrays({ unknownToCompute: new Set(), unregistered: new Set(hostile) })
  const hosts = remarks.shown()
  t.is(hosts?.unregistered?.count, hostile.length)
  t.is(hosts?.unregistered?.hosts.length, 50)
  const health: RoleHealth = {
    node: 'monitor-1',
    roles: ['host-monitor'],
    leading: false,
    deadLetters: 0,
    parked: 0,
    ...(hosts === undefined ? {} : { hosts }),
    actors: [],
  }
  const from = {
    cloud: 'one',
    node: 'n',
    incarnation: 'i',
    sequence: 1,
    id: 'm',
    epoch: null,
    sentAt: 0,
  }
  t.is(decode(encode('role.health', health, from)).type, 'role.health')
  remarks.noteStrays({ unknownToCompute: new Set(['b', 'a']), unregistered: new Set() })
  t.like(remarks.shown(), { unknownToCompute: { count: 2, hosts: ['a', 'b'] }, unregistered: NONE })
})
