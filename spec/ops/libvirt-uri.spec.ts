/** Which libvirt is meant: what is understood, and what is refused by name because it asks for what we do not give. */
import test from 'ava'
import { readLibvirtUri } from '../../ops/config/libvirt-uri.ts'
import { describeProblems, readConfig } from '../../ops/load-config.ts'

const BUS = '[bus]\nservers = nats://a\n[roles]\nenabled = instance-monitor\n'

test('without a socket in it, modular daemons come first', (t) => {
  const read = readLibvirtUri('qemu:///system')
  t.deepEqual('value' in read && read.value.doors.map(({ full }) => full), [
    { kind: 'unix', path: '/run/libvirt/virtqemud-sock' },
    { kind: 'unix', path: '/run/libvirt/libvirt-sock' },
  ])
  t.is('value' in read && read.value.driver, 'qemu:///system')
  t.deepEqual('value' in read && read.value.doors[0].readOnly, {
    kind: 'unix',
    path: '/run/libvirt/virtqemud-sock-ro',
  })
})

test('a socket and a TCP address are understood', (t) => {
  const socket = readLibvirtUri('qemu+unix:///system?socket=/a/b%20c')
  t.deepEqual('value' in socket && socket.value.doors, [
    { readOnly: { kind: 'unix', path: '/a/b c-ro' }, full: { kind: 'unix', path: '/a/b c' } },
  ])
  const address = { kind: 'tcp', host: '::1', port: 16_509 } as const
  const tcp = readLibvirtUri('qemu+tcp://[::1]/system')
  t.deepEqual('value' in tcp && tcp.value.doors, [{ readOnly: address, full: address }])
})

const REFUSED = [
  ['qemu+tls://compute-1/system', 'the transport tls is not supported'],
  ['qemu+ssh://compute-1/system', 'the transport ssh is not supported'],
  ['qemu+libssh2://compute-1/system', 'the transport libssh2 is not supported'],
  ['qemu+ssh://root@compute-1/system', 'a user, a password or a fragment in it is not honoured'],
  ['qemu://compute-1/system', 'a host without a transport asks for TLS'],
  ['qemu+tcp://compute-1/system?sasl=1', 'the parameter sasl is not honoured'],
  ['qemu:///system?no_verify=1', 'the parameter no_verify is not honoured'],
  ['qemu:///system?socket=relative', 'the socket must be an absolute path'],
  ['qemu:///session', 'the path must be /system'],
  ['qemu+tcp:///system', 'the transport tcp needs a host'],
  ['xen:///system', 'the driver xen has no guests'],
  ['/run/libvirt/libvirt-sock', 'is no libvirt URI'],
] as const

for (const [uri, why] of REFUSED) {
  test(`the start is refused for connection_uri = ${uri}`, (t) => {
    const loaded = readConfig(`${BUS}[libvirt]\nconnection_uri = ${uri}\n`, 'file')
    const told = loaded.kind === 'invalid' ? describeProblems(loaded.problems) : 'it was loaded'
    t.true(told.includes(why), told)
    t.true(told.includes('[libvirt] connection_uri'), told)
  })
}

test("options of Masakari's monitors are read under their own names", (t) => {
  const text = `[introspectiveinstancemonitor]
guest_monitoring_interval = 20
guest_monitoring_timeout = 4
guest_monitoring_failure_threshold = 5
`
  const loaded = readConfig(BUS + text, 'file')
  const guest = loaded.kind === 'ok' ? loaded.config.guest : undefined
  t.is(guest?.heartbeatIntervalMs, 20_000)
  t.is(guest?.heartbeatTimeoutMs, 4000)
  t.is(guest?.heartbeatSamples, 5)
  const platform = readConfig(`[DEFAULT]\ninstance_check_interval = 30\n${BUS}`, 'file')
  t.is(platform.kind === 'ok' && platform.config.guest.heartbeatIntervalMs, 30_000)
})

test('an instance-monitor alone needs neither a database nor an account', (t) => {
  t.is(readConfig(BUS, 'file').kind, 'ok')
})
