/** Proves life of hosts over one kept, authenticated SSH connection each. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ShellPort, ShellProbe } from '../../actors/ports/shell.ts'
import type { SshSettings } from '../../schema/control-attributes.ts'
import type { SshPoliteness } from '../../schema/messages/politeness.ts'
import { connect, type Connection } from './connection.ts'
import { HostKeys } from './host-keys.ts'
import { ensureKeyPair } from './key-pair.ts'

interface ShellOptions {
  readonly clock: ClockPort
  /** Holds our key pair and the host keys that were trusted on first use. */
  readonly stateDirectory: string
}

/** A host and what we know of the way to it. */
interface Route {
  readonly target: SshSettings
  connection: Connection | undefined
  /** The answer to give until `refusedUntilMs`, because our key or the host key is wrong. */
  refusal: ShellProbe | undefined
  refusedUntilMs: number
  /** Connections in a row that were accepted and ended without a login. sshd counts them against our address. */
  unfinished: number
  isForgotten: boolean
}

/** At the bound the connection that was used longest ago is closed; each costs 65 kB. */
const CONNECTIONS_MAX = 1000
/** sshd blocks addresses that fail to authenticate again and again. */
const REFUSED_PAUSE_MS = 30_000
/**
 * A host that accepts a connection and closes it may block our address. This is the first pause
 * before the next attempt; the pause doubles.
 */
const HUNG_UP_PAUSE_MS = 1000
/**
 * A frozen host accepts connections, and sshd finds all of them when the host continues. Each
 * connection that we have ended costs 1 s of penalty, and from 15 s on sshd blocks our address. So
 * the wait for each next attempt is longer; sshd itself ends an attempt after 120 s.
 */
const HANDSHAKE_MS = { first: 10_000, max: 110_000 }

/** The port, and its requests to the hosts since the start. */
export interface SshShell extends ShellPort, AsyncDisposable {
  politeness(): SshPoliteness
}

/** Opens the port; no connection is made before the first probe. CONFIG_INVALID when there is no key. */
export async function openSshShell(options: ShellOptions): Promise<SshShell> {
  const { clock, stateDirectory } = options
  const { privateKey } = await ensureKeyPair(stateDirectory)
  const hostKeys = new HostKeys(stateDirectory)
  const routes = new Map<string, Route>()
  const counts: Counts = { connectionsOpened: 0, loginsUnfinished: 0, loginsUnfinishedInARow: 0 }

  const ask = async (route: Route): Promise<ShellProbe> => {
    if (route.refusal !== undefined && clock.monotonicMs() < route.refusedUntilMs) {
      return route.refusal
    }
    route.refusal = undefined
    if (route.connection === undefined || route.connection.hasEnded()) {
      const handshakeMs = Math.min(HANDSHAKE_MS.first * 2 ** route.unfinished, HANDSHAKE_MS.max)
      const { target } = route
      counts.connectionsOpened += 1
      route.connection = connect({ target, privateKey, hostKeys, clock, handshakeMs })
    }
    const connection = route.connection
    const failure = await connection.opened
    if (failure === undefined) {
      route.unfinished = 0
      return (await connection.ping()) ? ALIVE : LOST
    }
    if (route.connection === connection) {
      noteFailure(route, failure, clock.monotonicMs(), counts)
    }
    return failure
  }

  /** A connection may have been lost since the last probe, by a restart of sshd: one new one is tried. */
  const askTwice = async (route: Route): Promise<ShellProbe> => {
    const answer = await ask(route)
    return answer === LOST && !route.isForgotten ? ask(route) : answer
  }

  return {
    async probe(target, timeoutMs, connectMs = timeoutMs) {
      const route = routeIn(routes, target)
      const answer = askTwice(route)
      const unaccepted = { ms: connectMs, applies: () => route.connection?.wasAccepted() !== true }
      return within(clock, [{ ms: timeoutMs, applies: () => true }, unaccepted], answer)
    },
    forget(target) {
      const route = routes.get(keyOf(target))
      if (route !== undefined) close(route)
      routes.delete(keyOf(target))
    },
    politeness: () => ({
      ...counts,
      connectionsOpen: [...routes.values()].filter(isConnected).length,
      connectionsOpenMax: CONNECTIONS_MAX,
    }),
    async [Symbol.asyncDispose]() {
      for (const route of routes.values()) close(route)
      routes.clear()
    },
  }
}

/** Since the start. */
interface Counts {
  connectionsOpened: number
  loginsUnfinished: number
  loginsUnfinishedInARow: number
}

/** The route to a host, which becomes the last used one. */
function routeIn(routes: Map<string, Route>, target: SshSettings): Route {
  const key = keyOf(target)
  let route = routes.get(key)
  if (route !== undefined && !isSameTarget(route.target, target)) {
    close(route)
    route = undefined
  }
  route ??= {
    target,
    connection: undefined,
    refusal: undefined,
    refusedUntilMs: 0,
    unfinished: 0,
    isForgotten: false,
  }
  routes.delete(key) // the last entry of the map is the last used route
  routes.set(key, route)
  for (const [oldKey, oldRoute] of routes) {
    if (routes.size <= CONNECTIONS_MAX) break
    close(oldRoute)
    routes.delete(oldKey)
  }
  return route
}

/** Callers that wait for the same connection note its failure once; the connection is forgotten then. */
function noteFailure(route: Route, failure: ShellProbe, nowMs: number, counts: Counts): void {
  const wasAccepted = route.connection?.wasAccepted() === true
  route.connection = undefined
  const isMisconfigured = failure.outcome === 'misconfigured'
  if (isMisconfigured || (failure.outcome === 'refused' && wasAccepted)) {
    const hungUpMs = Math.min(HUNG_UP_PAUSE_MS * 2 ** route.unfinished, REFUSED_PAUSE_MS)
    route.refusal = failure
    route.refusedUntilMs = nowMs + (isMisconfigured ? REFUSED_PAUSE_MS : hungUpMs)
  }
  if (!wasAccepted) return
  route.unfinished += 1
  counts.loginsUnfinished += 1
  counts.loginsUnfinishedInARow = Math.max(counts.loginsUnfinishedInARow, route.unfinished)
}

const ALIVE: ShellProbe = { outcome: 'alive', detail: 'sshd answered over the kept connection' }
const LOST: ShellProbe = { outcome: 'silent', detail: 'the connection was lost before an answer' }

/** A time limit that may not apply any more when its time has come. */
interface Limit {
  readonly ms: number
  readonly applies: () => boolean
}

async function within(
  clock: ClockPort,
  limits: readonly Limit[],
  answer: Promise<ShellProbe>,
): Promise<ShellProbe> {
  const silence = Promise.withResolvers<ShellProbe>()
  const timers = limits.map(({ ms, applies }) =>
    clock.schedule(ms, () => {
      if (applies()) silence.resolve({ outcome: 'silent', detail: `no answer within ${ms} ms` })
    }),
  )
  try {
    return await Promise.race([answer, silence.promise])
  } finally {
    for (const cancel of timers) cancel()
  }
}

function close(route: Route): void {
  route.isForgotten = true
  route.connection?.destroy()
}

const isConnected = ({ connection }: Route): boolean =>
  connection !== undefined && !connection.hasEnded()

const keyOf = (target: SshSettings): string => `[${target.address}]:${target.port}`

const isSameTarget = (one: SshSettings, other: SshSettings): boolean =>
  one.username === other.username && one.hostKey === other.hostKey
