/** The live trees of all processes: each says its own on the bus, and whoever is asked has heard the others. */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import type { RoleHealth } from '../../schema/messages/leadership.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import { isCoded } from '../../schema/errors.ts'
import type { Node } from './node.ts'

const SAY_MS = 5000
/** A process that was not heard for so long is not shown any more. */
const FORGET_MS = 3 * SAY_MS
const ACTORS_MAX = 1000

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
  },
  world: { readonly bus: BusPort; readonly clock: ClockPort },
): HealthBoard {
  const { bus, clock } = world
  const heard = new Map<string, { readonly health: RoleHealth; readonly atMs: number }>()
  const own = (): RoleHealth => ({
    node: identity.node,
    roles: [...identity.roles],
    leading: node.leading(),
    deadLetters: node.system.deadLetters(),
    parked: identity.parked(),
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
    heard.set(health.node, { health, atMs: clock.monotonicMs() })
  })
  say()
  return {
    all() {
      const since = clock.monotonicMs() - FORGET_MS
      for (const [name, { atMs }] of heard) if (atMs < since) heard.delete(name)
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
