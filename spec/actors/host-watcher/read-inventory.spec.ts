/** An observer reads the registered hosts again and again: what has not changed is not parsed again, what has is. */
import test from 'ava'
import { InventoryReader } from '../../../actors/host-watcher/read-inventory.ts'
import { CodedError } from '../../../schema/errors.ts'
import { hostId, hostName, segmentId } from '../../../schema/ids.ts'
import type { Host } from '../../../schema/records.ts'

const host = (change: Partial<Host>): Host => ({
  id: 1,
  createdAt: 1,
  updatedAt: null,
  uuid: hostId('h1'),
  name: hostName('compute-01'),
  segment: segmentId('s1'),
  type: 'COMPUTE',
  controlAttributes: settings('10.0.0.1'),
  reserved: false,
  onMaintenance: false,
  maintenanceBy: null,
  ...change,
})

const settings = (address: string): string =>
  JSON.stringify({ ssh: { host: address, username: 'ha' } })

/** A store whose hosts can be changed between two readings; undefined: it is away. */
function storeOf(hosts: readonly Host[] | undefined) {
  const store = {
    hosts,
    listAllHosts: async () => {
      if (store.hosts === undefined) throw new CodedError('STORE_UNAVAILABLE', 'away')
      return store.hosts
    },
    listMonitors: async () => [],
  }
  return store
}

/** The SSH settings of each host, as the reader gives them now. */
const sshNow = async (reader: InventoryReader) =>
  ((await reader.read())?.hosts ?? []).map(({ ssh }) => ssh)

test('settings that are the same at the next reading are not parsed again, changed ones are', async (t) => {
  const other = host({ uuid: hostId('h2'), name: hostName('compute-02') })
  const store = storeOf([host({}), other])
  const reader = new InventoryReader(store)
  const first = await sshNow(reader)
  t.is(first[0]?.address, '10.0.0.1')
  store.hosts = [host({ controlAttributes: settings('10.0.0.9') }), other]
  const second = await sshNow(reader)
  t.is(second[0]?.address, '10.0.0.9')
  t.is(second[1], first[1])
})

test('what is no setting of a channel is read anew each time', async (t) => {
  const store = storeOf([host({})])
  const reader = new InventoryReader(store)
  const [before] = (await reader.read())?.hosts ?? []
  store.hosts = [host({ onMaintenance: true, updatedAt: 5 })]
  const [kept] = (await reader.read())?.hosts ?? []
  t.is(before?.maintenance, 'none')
  t.is(kept?.maintenance, 'operator')
  t.not(kept?.fingerprint, before?.fingerprint)
})

test('nothing is known while the store is away, and all of it afterwards', async (t) => {
  const store = storeOf(undefined)
  const reader = new InventoryReader(store)
  t.is(await reader.read(), undefined)
  store.hosts = [host({})]
  t.is((await reader.read())?.hosts.length, 1)
})
