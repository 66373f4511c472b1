/**
 * A store that hides the credentials of hosts from its database: they are sealed before they are
 * written, and opened after they are read.
 */
import type { LogPort } from '../../actors/ports/log.ts'
import type {
  FieldChanges,
  HostFields,
  HostFilter,
  Page,
  StorePort,
} from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { HostId, SegmentId } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import { unreadableNote } from '../../schema/settings-document.ts'
import type { Keyring } from './keyring.ts'

/** What seals and opens. */
export type Seal = Pick<Keyring, 'seal' | 'open'>

type SealedMethods = Pick<
  StorePort,
  | 'createHost'
  | 'updateHost'
  | 'getHost'
  | 'findHost'
  | 'listHosts'
  | 'listAllHosts'
  | 'acceptNotification'
  | 'listUnfinished'
  | 'readSnapshot'
>

/**
 * The same store. Closing it closes the inner one. A host whose credentials cannot be read has a
 * note instead of them.
 */
export function sealedStore(store: StorePort, keyring: Seal, log: LogPort): StorePort {
  const opened = opener(keyring, log)
  const methods: SealedMethods = {
    createHost: async (segment, fields) =>
      opened(await store.createHost(segment, sealed(keyring, fields))),
    updateHost: async (segment, id, change, frozen) => {
      const wanted = await withoutEqual(segment, id, change)
      return opened(await store.updateHost(segment, id, sealed(keyring, wanted), frozen))
    },
    getHost: async (segment, id) => openedIf(await store.getHost(segment, id)),
    findHost: async (name) => openedIf(await store.findHost(name)),
    listHosts: async (filter, page) => {
      refuseSealedOrder(page)
      if (filter.controlAttributes !== undefined) return listMatching(filter, page)
      return (await store.listHosts(filter, page)).map(opened)
    },
    listAllHosts: async () => (await store.listAllHosts()).map(opened),
    async acceptNotification(report) {
      const acceptance = await store.acceptNotification(report)
      return acceptance.kind === 'accepted'
        ? { ...acceptance, host: openedIf(acceptance.host) }
        : acceptance
    },
    async listUnfinished(page) {
      const unfinished = await store.listUnfinished(page)
      // Several entries may belong to one host.
      const hosts = new Map<Host, Host>()
      const openedOnce = (host: Host): Host => {
        const known = hosts.get(host) ?? opened(host)
        hosts.set(host, known)
        return known
      }
      return unfinished.map((each) => ({ ...each, host: each.host && openedOnce(each.host) }))
    },
    readSnapshot: async (...parameters) => {
      const snapshot = await store.readSnapshot(...parameters)
      return { ...snapshot, hosts: snapshot.hosts.map(opened) }
    },
  }
  return { ...store, ...methods }

  function openedIf(host: Host | undefined): Host | undefined {
    return host === undefined ? undefined : opened(host)
  }

  /**
   * Sealing one text twice gives two texts. Therefore an equal text is not written, so that it
   * counts as unchanged.
   */
  async function withoutEqual(
    segment: SegmentId,
    id: HostId,
    change: FieldChanges<HostFields>,
  ): Promise<FieldChanges<HostFields>> {
    const { controlAttributes, ...others } = change
    if (controlAttributes === undefined) return change
    const current = openedIf(await store.getHost(segment, id))
    return current?.controlAttributes === controlAttributes ? others : change
  }

  /** The database cannot compare sealed texts, so the rows of the segment are compared here. */
  async function listMatching(filter: HostFilter, page: Page): Promise<readonly Host[]> {
    const { controlAttributes, ...others } = filter
    const found: Host[] = []
    let next: Page = { ...page, limit: BATCH }
    while (found.length < page.limit) {
      const rows = await store.listHosts(others, next)
      found.push(...rows.map(opened).filter((host) => host.controlAttributes === controlAttributes))
      const last = rows.at(-1)
      if (last === undefined || rows.length < BATCH) break
      next = { ...next, marker: String(last.id) }
    }
    return found.slice(0, page.limit)
  }
}

/**
 * Seals texts again that an older key sealed, or that are not sealed; returns the number of these
 * hosts, deleted ones included.
 */
export async function resealCredentials(store: StorePort, keyring: Keyring): Promise<number> {
  const count = await store.rewriteControlAttributes((stored) => {
    if (keyring.isCurrent(stored)) return stored
    const opened = keyring.open(stored)
    if (opened.kind === 'opened') return keyring.seal(opened.text)
    throw new CodedError('CONFIG_INVALID', `nothing was changed: ${opened.reason}`)
  })
  await store.replaceSealingKey(keyring.first)
  return count
}

const BATCH = 500

const sealed = <Fields extends FieldChanges<HostFields>>(keyring: Seal, fields: Fields): Fields =>
  fields.controlAttributes === undefined
    ? fields
    : { ...fields, controlAttributes: keyring.seal(fields.controlAttributes) }

/** Logs each reason once, because hosts are read every few seconds. */
function opener(keyring: Seal, log: LogPort): (host: Host) => Host {
  const said = new Set<string>()
  return (host) => {
    const opened = keyring.open(host.controlAttributes)
    if (opened.kind === 'opened') return { ...host, controlAttributes: opened.text }
    if (!said.has(opened.reason)) {
      said.add(opened.reason)
      log.error({ host: host.name, reason: opened.reason }, 'credentials cannot be read')
    }
    // Recoveries of other hosts go on. When the note is written back, it counts as unchanged.
    return { ...host, controlAttributes: unreadableNote(opened.reason) }
  }
}

function refuseSealedOrder({ sort }: Page): void {
  if (!sort.some(({ key }) => key === 'control_attributes')) return
  throw new CodedError(
    'INPUT_INVALID',
    'Sort key control_attributes is not valid: it is encrypted.',
  )
}
