/** Checks the database and the keys of the stored credentials. Nothing is written or migrated. */
import { existsSync } from 'node:fs'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Config } from '../../schema/config.ts'
import { isCoded } from '../../schema/errors.ts'
import {
  readMysqlFacts,
  type GaleraFacts,
  type MysqlFacts,
} from '../../transports/sql/mysql-facts.ts'
import { readKeyFile } from '../../transports/vault/key-file.ts'
import { sealedStore } from '../../transports/vault/sealed-store.ts'
import { openStore, type Ambient } from '../ports.ts'
import { readTlsMaterial } from '../tls-material.ts'
import { keyFileOf } from '../trusted-files.ts'
import { compareClocks, SYNCHRONISE } from './check-clock.ts'
import { examine, finding, type CheckAnswer, type DoctorFinding } from './finding.ts'

export interface CheckedDatabase {
  readonly findings: readonly DoctorFinding[]
  /** With readable credentials; undefined when the database or its keys cannot be used. */
  readonly store: StorePort | undefined
}

const PART = 'database'
const REACH = 'check [database] connection: host, port, account, password, and that the server runs'

/** Checks it as the roles of this node use it. */
export async function checkDatabase(config: Config, ambient: Ambient): Promise<CheckedDatabase> {
  const { location } = config.store
  if (location.kind !== 'mysql') return checkFile(location.path, config, ambient)
  let facts: MysqlFacts | undefined
  const reached = await examine({ part: PART, check: 'connection', mend: REACH }, async () => {
    const tls = location.tls && readTlsMaterial(location.tls, 'the database')
    facts = await readMysqlFacts({ ...location, tls })
    return `${facts.version} at ${location.host}:${location.port}`
  })
  if (facts === undefined) return { findings: [reached], store: undefined }
  const { isDurable, isReadOnly, wallMs, galera } = facts
  const ourMs = ambient.clock.wallMs()
  const server = [
    await examine(
      { part: PART, check: 'durability', mend: 'set innodb_flush_log_at_trx_commit = 1' },
      async () => durability(isDurable),
    ),
    await examine(
      { part: PART, check: 'writes', mend: 'connect to a server that takes writes' },
      async () => (isReadOnly ? { verdict: 'broken', detail: 'the server is read only' } : 'taken'),
    ),
    await examine({ part: PART, check: 'clock', mend: SYNCHRONISE }, async () =>
      compareClocks(wallMs, ourMs),
    ),
    ...(galera === undefined ? [] : [checkGalera(galera)]),
  ]
  const { findings, store } = await checkTables(config, ambient)
  return { findings: [reached, ...server, ...findings], store }
}

const durability = (isDurable: boolean): CheckAnswer =>
  isDurable
    ? 'a committed step survives a power loss'
    : { verdict: 'broken', detail: 'a committed step may be lost when the server loses its power' }

/** What the store requires of a Galera cluster (decision 0066), as far as its node tells it. */
function checkGalera({ size, state, readsWithoutMajority }: GaleraFacts): DoctorFinding {
  const check = 'Galera'
  if (readsWithoutMajority) {
    const detail = 'the node also answers reads without a majority, which may be out of date'
    return finding(PART, check, 'broken', { detail, mend: 'set wsrep_dirty_reads = OFF' })
  }
  if (state !== 'Synced') {
    const detail = `the node is ${state}: it may be far behind the others`
    return finding(PART, check, 'warning', { detail, mend: 'wait until the node is Synced' })
  }
  if (size < 3) {
    const detail = `nodes in the cluster: ${size}. The loss of one stops all writes`
    const mend = 'run three nodes, or two and an arbitrator'
    return finding(PART, check, 'warning', { detail, mend })
  }
  return finding(PART, check, 'well', { detail: `Synced; nodes in the cluster: ${size}` })
}

async function checkFile(path: string, config: Config, ambient: Ambient): Promise<CheckedDatabase> {
  if (path === ':memory:' || existsSync(path)) return checkTables(config, ambient)
  const detail = `${path} does not exist yet: the first process makes it`
  return { findings: [finding(PART, 'connection', 'unknown', { detail })], store: undefined }
}

const MIGRATE = 'start a gateway or an engine of this version once: it brings the tables up to date'

async function checkTables(config: Config, ambient: Ambient): Promise<CheckedDatabase> {
  const plain = openStore(config, ambient)
  const tables = await examine({ part: PART, check: 'tables', mend: MIGRATE }, async () => {
    try {
      await plain.listSegments({}, { limit: 1, sort: [] })
      return 'ours, and up to date'
    } catch (error) {
      if (!isCoded(error, 'SCHEMA_FOREIGN', 'SCHEMA_NEWER', 'SCHEMA_INCOMPLETE')) throw error
      const mend =
        'give the product an empty database of its own, or the version that made this one'
      return { verdict: 'broken', detail: error.message, mend }
    }
  })
  if (tables.verdict !== 'well') return { findings: [tables], store: undefined }
  let store: StorePort | undefined
  const path = keyFileOf(config)
  const keys = await examine(
    {
      part: PART,
      check: 'credentials',
      mend: `copy ${path} from a controller that works, or restore it from its backup`,
    },
    async () => {
      const keyring = await readKeyFile(path)
      const hosts = await plain.listAllHosts()
      const sealed = hosts.filter(({ controlAttributes: text }) => text.startsWith('sealed:'))
      if (keyring === undefined && sealed.length > 0) {
        return { verdict: 'broken', detail: `there is no key file ${path}` }
      }
      store = keyring === undefined ? plain : sealedStore(plain, keyring, ambient.log)
      for (const { controlAttributes } of sealed) keyring?.open(controlAttributes)
      return `${sealed.length} hosts with sealed settings can be read`
    },
  )
  return { findings: [tables, keys], store: keys.verdict === 'well' ? store : undefined }
}
