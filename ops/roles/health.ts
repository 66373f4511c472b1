/** The live trees of all processes: each says its own on the bus, and whoever is asked has heard the others. */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { RoleHealth } from '../../schema/messages/leadership.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import { isCoded } from '../../schema/errors.ts'
import type { Node } from './node.ts'

const SAY_MS = 5000
/** A process that was not heard for so long is not shown any more. */
const FORGET_MS = 3 * SAY_MS
const ACTORS_MAX = 1000
/** A process on each of many compute hosts; who is not heard yet when they are all there is not shown. */
const PROCESSES_MAX = 4096
/** Of all messages that are kept. */
const BYTES_MAX = 32 * 1024 * 1024

interface Heard {
  readonly health: RoleHealth
  readonly atMs: number
  readonly bytes: number
}

export interface HealthBoard extends AsyncDisposable {
  /** Our own tree first, then the others that were heard lately. */
  all(): readonly RoleHealth[]
}

/** Starts saying and hearing. */
export function startHealthBoard(
  node: Node,
  identity: {
    readonly node: string
    readonly cloud: string
    readonly roles: readonly string[]
    /** Messages from outside that could not be decoded. */
    parked(): number
    /** Observations of hosts, or by observers, that are not registered. */
    strangers(): number
  },
  world: { readonly bus: BusPort; readonly clock: ClockPort },
): HealthBoard {
  const { bus, clock } = world
  const heard = new BoundedMap<string, Heard>({
    entriesMax: PROCESSES_MAX,
    whenFull: 'refuse',
    weight: { max: BYTES_MAX, of: ({ bytes }) => bytes },
  })
  const forget = (): void => {
    const since = clock.monotonicMs() - FORGET_MS
    for (const [name, { atMs }] of heard.entries()) {
      if (atMs >= since) break
      heard.delete(name)
    }
  }
  const own = (): RoleHealth => ({
    node: identity.node,
    roles: [...identity.roles],
    leading: node.leading(),
    deadLetters: node.system.deadLetters(),
    parked: identity.parked(),
    strangers: identity.strangers(),
    actors: node.system.snapshot().slice(0, ACTORS_MAX),
  })
  let cancel: Cancel | undefined
  const say = (): void => {
    node.announcer.announce('role.health', own())
    cancel = clock.schedule(SAY_MS, say)
  }
  const listening = bus.subscribe(subjectOf(identity.cloud, 'health', '>'), ({ body }) => {
    const health = decodeHealth(body)
    if (health === undefined || health.node === identity.node) return
    forget()
    heard.set(health.node, { health, atMs: clock.monotonicMs(), bytes: body.length })
  })
  say()
  return {
    all() {
      forget()
      return [own(), ...[...heard.values()].map(({ health }) => health)]
    },
    async [Symbol.asyncDispose]() {
      cancel?.()
      await listening[Symbol.asyncDispose]()
    },
  }
}

/** Undefined for what is not a health message: the intake parks those, here they are only noise. */
function decodeHealth(body: Uint8Array): RoleHealth | undefined {
  try {
    const received = decode(body)
    return received.type === 'role.health' ? received.body : undefined
  } catch (error) {
    if (isCoded(error, 'MESSAGE_INVALID')) return undefined
    throw error
  }
}
