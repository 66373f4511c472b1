/** Reads the registered hosts and monitors for an observer, again and again. */
import { bmcsOf, parseControlAttributes } from '../../schema/control-attributes.ts'
import type { HostId } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import { isStoreAway, type InventoryStore } from '../ports/store.ts'
import type { WatchedHost } from './host-watcher.ts'
import type { Inventory } from './observer.ts'
import type { WatchedDomains } from './watched-domains.ts'

type Channels = Pick<WatchedHost, 'ssh' | 'power' | 'problems'> & {
  /** As the settings name them. */
  readonly failureDomains: readonly string[] | undefined
}

interface Parsed {
  readonly text: string
  readonly channels: Channels
}

/** Remembers what it has parsed of each host: most settings are the same at the next reading. */
export class InventoryReader {
  readonly #store: Pick<InventoryStore, 'listAllHosts'> & Pick<RosterStore, 'listMonitors'>
  readonly #domains: Pick<WatchedDomains, 'of'>
  /** Of the hosts of the latest reading. */
  #parsed: ReadonlyMap<HostId, Parsed> = new Map()

  constructor(
    store: Pick<InventoryStore, 'listAllHosts'> & Pick<RosterStore, 'listMonitors'>,
    domains: Pick<WatchedDomains, 'of'>,
  ) {
    this.#store = store
    this.#domains = domains
  }

  /** Undefined while the store is away. */
  async read(): Promise<Inventory | undefined> {
    try {
      const rows = await this.#store.listAllHosts()
      const hosts = this.#watched(rows)
      return { hosts, monitors: await this.#store.listMonitors() }
    } catch (error) {
      if (!isStoreAway(error)) throw error
      return undefined
    }
  }

  #watched(rows: readonly Host[]): readonly WatchedHost[] {
    const parsed = new Map<HostId, Parsed>()
    const watched = rows.map((row) => {
      const { uuid, controlAttributes: text } = row
      const before = this.#parsed.get(uuid)
      const known = before?.text === text ? before : { text, channels: channelsOf(text) }
      parsed.set(uuid, known)
      const { failureDomains, ...channels } = known.channels
      return watchedOf(row, channels, this.#domains.of(row.name, failureDomains))
    })
    this.#parsed = parsed
    return watched
  }
}

function channelsOf(controlAttributes: string): Channels {
  const attributes = parseControlAttributes(controlAttributes)
  const { ssh, problems, failureDomains } = attributes
  const [power] = bmcsOf(attributes)
  return { ssh, power, problems, failureDomains }
}

function watchedOf(
  host: Host,
  channels: Omit<Channels, 'failureDomains'>,
  domains: readonly string[],
): WatchedHost {
  const { uuid, name: hostName, segment } = host
  const isKept = host.onMaintenance && host.maintenanceBy === null
  const fingerprint = `${hostName} ${segment} ${host.updatedAt ?? host.createdAt}`
  const maintenance = isKept ? 'operator' : 'none'
  return { host: uuid, hostName, segment, domains, ...channels, maintenance, fingerprint }
}
