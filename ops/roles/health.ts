/**
 * The running actors of all processes. Each process publishes its own tree on the bus and keeps the
 * trees of the others, so every process can show all of them.
 */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { BridgeCounts, RoleHealth } from '../../schema/messages/leadership.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import { isCoded } from '../../schema/errors.ts'
import type { Node } from './node.ts'

export const SAY_MS = 5000
/** A process whose tree was not received for so long is not shown any more. */
const FORGET_MS = 3 * SAY_MS
const ACTORS_MAX = 1000
/**
 * Enough for one process on each of many compute hosts. When the map is full, further processes are
 * not shown.
 */
const PROCESSES_MAX = 4096
/** The limit for all messages that are kept. */
const BYTES_MAX = 32 * 1024 * 1024

interface Kept {
  readonly health: RoleHealth
  readonly atMs: number
  readonly bytes: number
}

/** The trees that other processes have published lately. */
class Heard {
  readonly #clock: ClockPort
  readonly #kept = new BoundedMap<string, Kept>({
    entriesMax: PROCESSES_MAX,
    whenFull: 'refuse',
    weight: { max: BYTES_MAX, of: ({ bytes }) => bytes },
  })

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  note(health: RoleHealth, bytes: number): void {
    this.#forget()
    this.#kept.set(health.node, { health, atMs: this.#clock.monotonicMs(), bytes })
  }

  lately(): readonly RoleHealth[] {
    this.#forget()
    return [...this.#kept.values()].map(({ health }) => health)
  }

  #forget(): void {
    const since = this.#clock.monotonicMs() - FORGET_MS
    for (const [name, { atMs }] of this.#kept.entries()) {
      if (atMs >= since) break
      this.#kept.delete(name)
    }
  }
}

export interface HealthBoard extends AsyncDisposable {
  /** The tree of this process first, then the trees that were received lately. */
  all(): readonly RoleHealth[]
  /**
   * When the latest message of a leader was received, by the monotonic clock; without one, the time
   * of the start.
   */
  leaderHeardAtMs(): number
}

/** Starts to publish and to receive. */
export function startHealthBoard(
  node: Node,
  identity: {
    readonly node: string
    readonly cloud: string
    readonly roles: readonly string[]
    /** Undefined for a process without a bridge. */
    readonly bridge: { counts(): BridgeCounts } | undefined
    /** The requests of the process to BMCs and hosts. */
    politeness(): Pick<RoleHealth, 'bmcPoliteness' | 'sshPoliteness'>
  },
  world: { readonly bus: BusPort; readonly clock: ClockPort },
): HealthBoard {
  const { bus, clock } = world
  const heard = new Heard(clock)
  const own = (): RoleHealth => {
    const counts = identity.bridge?.counts()
    const hosts = node.hosts()
    return {
      node: identity.node,
      roles: [...identity.roles],
      leading: node.leading(),
      deadLetters: node.system.deadLetters(),
      parked: node.parked() + (counts?.parked ?? 0),
      strangers: node.strangers(),
      contradictions: node.contradictions(),
      ...(counts === undefined ? {} : { bridge: counts }),
      ...identity.politeness(),
      ...(hosts === undefined ? {} : { hosts }),
      actors: node.system.snapshot().slice(0, ACTORS_MAX),
    }
  }
  let leaderHeardAtMs = clock.monotonicMs()
  const noteLeader = (): void => {
    leaderHeardAtMs = clock.monotonicMs()
  }
  let cancel: Cancel | undefined
  const say = (): void => {
    if (node.leading()) noteLeader()
    node.announcer.announce('role.health', own())
    cancel = clock.schedule(SAY_MS, say)
  }
  const listening = bus.subscribe(subjectOf(identity.cloud, 'health', '>'), ({ body }) => {
    const received = decoded(body)
    if (received?.type !== 'role.health' || received.body.node === identity.node) return
    const health = received.body
    if (health.leading) noteLeader()
    heard.note(health, body.length)
  })
  const proclaimed = bus.subscribe(subjectOf(identity.cloud, 'leadership', '>'), ({ body }) => {
    if (decoded(body)?.type === 'leader.proclaimed') noteLeader()
  })
  say()
  return {
    leaderHeardAtMs() {
      if (node.leading()) noteLeader()
      return leaderHeardAtMs
    },
    all: () => [own(), ...heard.lately()],
    async [Symbol.asyncDispose]() {
      cancel?.()
      await listening[Symbol.asyncDispose]()
      await proclaimed[Symbol.asyncDispose]()
    },
  }
}

/**
 * Undefined for a message that cannot be decoded. The intake parks and counts such messages; here
 * they are ignored.
 */
function decoded(bytes: Uint8Array): Received | undefined {
  try {
    return decode(bytes)
  } catch (error) {
    if (isCoded(error, 'MESSAGE_INVALID')) return undefined
    throw error
  }
}
