/**
 * Nova's diagnostics of a server: a libvirt host's answer, values that drivers leave out, and
 * refusals.
 */
import test from 'ava'
import { isCoded, type ErrorCode } from '../../../schema/errors.ts'
import { instanceId } from '../../../schema/ids.ts'
import { fault, openTo, SmallCloud, type Reply } from './small-cloud.ts'

const INSTANCE = instanceId('5c3f1f9e-4f43-4a52-9a0c-3c8f58c3b8b1')

/** As the libvirt driver answers at microversion 2.53. */
const LIBVIRT = {
  config_drive: false,
  cpu_details: [{ id: 0, time: 29_350_000_000, utilisation: null }],
  disk_details: [
    {
      errors_count: -1,
      read_bytes: 32_309_248,
      read_requests: 1231,
      write_bytes: 1_234_944,
      write_requests: 230,
    },
    { errors_count: -1, read_bytes: 4096, read_requests: 1, write_bytes: 0, write_requests: 5 },
  ],
  driver: 'libvirt',
  hypervisor: 'kvm',
  hypervisor_os: 'linux',
  memory_details: { maximum: 64, used: 64 },
  nic_details: [
    {
      mac_address: 'fa:16:3e:61:f1:3b',
      rx_drop: 0,
      rx_errors: 0,
      rx_octets: 51_442,
      rx_packets: 418,
      rx_rate: null,
      tx_drop: 0,
      tx_errors: 0,
      tx_octets: 39_105,
      tx_packets: 377,
      tx_rate: null,
    },
  ],
  num_cpus: 1,
  num_disks: 2,
  num_nics: 1,
  state: 'running',
  uptime: 1271,
}

const cloudThat = async (reply: Reply): Promise<SmallCloud> => {
  const cloud = await SmallCloud.start()
  cloud.api = () => reply
  return cloud
}

test('packets of all devices and writes of all disks are counted', async (t) => {
  await using cloud = await cloudThat({ status: 200, body: LIBVIRT })
  await using openstack = await openTo(cloud)
  t.deepEqual(await openstack.compute.readDiagnostics(INSTANCE), {
    state: 'running',
    packetsSent: 377,
    writesDone: 235,
  })
  t.is(cloud.calls[0]?.path, `/v2.1/servers/${INSTANCE}/diagnostics`)
})

test('a value that a driver does not know counts as zero', async (t) => {
  const body = {
    state: 'running',
    nic_details: [{ tx_packets: null }, {}],
    disk_details: [{ write_requests: null }],
  }
  await using cloud = await cloudThat({ status: 200, body })
  await using openstack = await openTo(cloud)
  t.deepEqual(await openstack.compute.readDiagnostics(INSTANCE), {
    state: 'running',
    packetsSent: 0,
    writesDone: 0,
  })
})

const REFUSALS: readonly (readonly [string, Reply, ErrorCode])[] = [
  ['501', fault(501, 'notImplemented', 'Unable to get diagnostics'), 'COMPUTE_REFUSED'],
  ['409', fault(409, 'conflictingRequest', "Cannot 'get_diagnostics'"), 'COMPUTE_REFUSED'],
  ['403', fault(403, 'forbidden', 'Policy does not allow it'), 'COMPUTE_REFUSED'],
  ['404', fault(404, 'itemNotFound', 'Instance could not be found'), 'COMPUTE_NOT_FOUND'],
]
for (const [status, reply, code] of REFUSALS) {
  test(`a server whose diagnostics are refused with ${status} is ${code}, and is asked once`, async (t) => {
    await using cloud = await cloudThat(reply)
    await using openstack = await openTo(cloud)
    const error: unknown = await t.throwsAsync(openstack.compute.readDiagnostics(INSTANCE))
    t.true(isCoded(error, code), String(error))
    t.is(cloud.calls.length, 1)
  })
}
