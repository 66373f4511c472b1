/** The streams that we keep on the server: their guarantees, and how they are created. */
import {
  DiscardPolicy,
  nanos,
  NatsError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type NatsConnection,
  type StreamConfig,
} from 'nats'
import { subjectOf, subjectToken } from '../../schema/messages/codec.ts'
import type { Cancel } from '../../actors/ports/clock.ts'
import type { NatsLink } from './link.ts'
import { untilItWorks, type Surroundings } from './upkeep.ts'

const FAULT_MAX_AGE_MS = 7 * 24 * 3600 * 1000
const FAULTS_MAX = 1_000_000
/** The server drops a message whose id it has taken within this time, ms. */
export const DUPLICATE_WINDOW_MS = 120_000
const ADMIN_TIMEOUT_MS = 2000
/** The copies of each stream in a cluster. */
const CLUSTER_REPLICAS = 3
/** How often a stream with too few copies is checked, ms. */
const LOOK_AGAIN_MS = 60_000

const tooFewServers = (stream: string): string =>
  `the NATS cluster has no ${CLUSTER_REPLICAS} servers up for ${CLUSTER_REPLICAS} copies of the stream ${stream}: ` +
  'with two servers the loss of either one may stop everything; three are needed'

/** JetStream error numbers that we react to. */
export const JS_ERROR = {
  noSuitablePeers: 10005,
  insufficientResources: 10023,
  streamNotFound: 10059,
  consumerNotFound: 10014,
  messageNotFound: 10037,
  wrongLastSequence: 10071,
  maximumMessages: 10077,
} as const

/** True for a JetStream error of one of these numbers. */
export function isJsError(error: unknown, ...numbers: readonly number[]): error is NatsError {
  return error instanceof NatsError && numbers.includes(error.api_error?.err_code ?? 0)
}

/**
 * True when nothing answers for the stream: it is missing, has no leader at present, or JetStream
 * is off.
 */
export function isNobodyThere(error: unknown): boolean {
  return error instanceof NatsError && error.code === '503'
}

type StreamShape = Partial<StreamConfig> & { readonly name: string }

/**
 * Every fault of a cloud. When the stream is full, it refuses new faults and keeps the old ones, so
 * that no accepted fault is lost before it is acknowledged; the engine removes now and then what every
 * consumer has acknowledged. Faults also expire: one that no process took in a week is stale, and
 * its row is in the store.
 */
export function faultStream(cloud: string): StreamShape {
  return {
    name: faultStreamName(cloud),
    subjects: [subjectOf(cloud, 'fault', '>')],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    storage: StorageType.File,
    max_msgs: FAULTS_MAX,
    max_age: nanos(FAULT_MAX_AGE_MS),
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  }
}

/**
 * A key-value bucket (so that NATS tools can read it) with one key, which the server deletes after
 * the TTL.
 */
export function leaseStream(cloud: string, ttlMs: number): StreamShape {
  const bucket = leaseBucket(cloud)
  return {
    name: leaseStreamName(cloud),
    subjects: [`$KV.${bucket}.>`],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    max_age: nanos(ttlMs),
    duplicate_window: nanos(Math.min(ttlMs, DUPLICATE_WINDOW_MS)),
    allow_rollup_hdrs: true,
    deny_delete: true,
  }
}

/** Name of the stream of faults. */
export const faultStreamName = (cloud: string): string => `HA_${nameToken(cloud)}_FAULTS`

/** Name of the stream behind the bucket of the lease. */
export const leaseStreamName = (cloud: string): string => `KV_${leaseBucket(cloud)}`

/** Subject of the key of the lease. */
export const leaseSubject = (cloud: string): string => `$KV.${leaseBucket(cloud)}.leader`

const leaseBucket = (cloud: string): string => `HA_${nameToken(cloud)}_LEASE`

/** The escaping never produces `=`, so that two clouds never share a name. */
const nameToken = (cloud: string): string => subjectToken(cloud).replaceAll('%', '=')

/** The JetStream manager, with a deadline for every call. */
export function manage(
  connection: NatsConnection,
  timeoutMs = ADMIN_TIMEOUT_MS,
): Promise<JetStreamManager> {
  return connection.jetstreamManager({ checkAPI: false, timeout: timeoutMs })
}

/**
 * Creates the stream, or changes an older one; harmless when it is as it should be. Returns how
 * many copies are missing: when a cluster has too few servers up, the stream keeps as many copies
 * as possible.
 */
export async function ensureStream(
  connection: NatsConnection,
  shape: StreamShape,
): Promise<number> {
  const { streams } = await manage(connection)
  const wanted = connection.info?.cluster === undefined ? 1 : CLUSTER_REPLICAS
  const found = await existing(connection, shape.name)
  // An operator may have chosen more copies. They are kept.
  const num_replicas = Math.max(found ?? 1, wanted)
  const write = (copies: number) =>
    found === undefined
      ? streams.add({ ...shape, num_replicas: copies })
      : streams.update(shape.name, { ...shape, num_replicas: copies })
  try {
    await write(num_replicas)
    return 0
  } catch (error) {
    if (!isJsError(error, JS_ERROR.noSuitablePeers, JS_ERROR.insufficientResources)) throw error
    const copies = found ?? 1
    if (copies === num_replicas) throw error
    await write(copies)
    return num_replicas - copies
  }
}

/** The number of copies of the stream; undefined when there is no stream. */
async function existing(connection: NatsConnection, name: string): Promise<number | undefined> {
  const { streams } = await manage(connection)
  try {
    return (await streams.info(name)).config.num_replicas
  } catch (error) {
    if (isJsError(error, JS_ERROR.streamNotFound)) return undefined
    throw error
  }
}

/**
 * Removes the faults that every durable consumer has acknowledged; removes nothing while there is
 * no consumer.
 */
async function trimAcknowledged(connection: NatsConnection, name: string): Promise<void> {
  const manager = await manage(connection)
  let floor = Number.POSITIVE_INFINITY
  for await (const consumer of manager.consumers.list(name)) {
    floor = Math.min(floor, consumer.ack_floor.stream_seq)
  }
  if (Number.isFinite(floor) && floor > 0) await manager.streams.purge(name, { seq: floor + 1 })
}

/**
 * A stream that a process with an engine creates on every (re)connect, and again when it is missing. All others only use it: their
 * accounts may not change a stream, which could delete what is in it.
 */
export class KeptStream {
  readonly #around: Surroundings
  readonly #link: NatsLink
  readonly #shape: StreamShape
  readonly #isKept: boolean
  #restoring: Promise<void> | undefined
  #stopWaiting: Cancel = () => undefined

  /** @param isKept Whether this process creates it. */
  constructor(around: Surroundings, link: NatsLink, shape: StreamShape, isKept: boolean) {
    this.#around = around
    this.#link = link
    this.#shape = shape
    this.#isKept = isKept
    link.onUp(() => this.restore())
    link.ending.addEventListener('abort', () => this.#stopWaiting(), { once: true })
  }

  get name(): string {
    return this.#shape.name
  }

  /** Creates or checks the stream once, now. */
  async ensure(connection: NatsConnection): Promise<void> {
    const { troubles, clock } = this.#around
    const missing = await ensureStream(connection, this.#shape)
    troubles.allowBelow('$JS.API.STREAM.')
    troubles.allowBelow('_INBOX.')
    troubles.degrade(this.name, missing === 0 ? undefined : tooFewServers(this.name))
    this.#stopWaiting()
    // The missing servers may come up later.
    if (missing === 0 || this.#link.ending.aborted) return
    this.#stopWaiting = clock.schedule(LOOK_AGAIN_MS, () => this.restore())
  }

  /** Removes what every consumer has acknowledged, if this process may. */
  async trim(connection: NatsConnection): Promise<void> {
    if (this.#isKept) await trimAcknowledged(connection, this.name)
  }

  /** Creates or checks the stream in the background, until it exists or the connection is lost. */
  restore(): void {
    if (!this.#isKept) return
    this.#restoring ??= this.#persist().finally(() => {
      this.#restoring = undefined
    })
  }

  /** Resolves when nothing runs in the background any more. */
  async settled(): Promise<void> {
    await this.#restoring
  }

  async #persist(): Promise<void> {
    const goal = { what: `prepare the stream ${this.name}`, signal: this.#link.ending }
    await untilItWorks(this.#around, goal, async () => {
      const connection = this.#link.connection()
      if (connection !== undefined) await this.ensure(connection)
    })
  }
}
