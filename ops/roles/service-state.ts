/** How a process is, in one sentence and for its service manager. */
import { GIVEN_UP } from '../../actors/kernel/cell.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ActorSnapshot } from '../../schema/messages/leadership.ts'
import type { ServiceState } from '../watchdog/systemd.ts'
import type { Node } from './node.ts'

interface Parts {
  readonly node: Pick<Node, 'system' | 'epoch' | 'campaigning'>
  readonly bus: Pick<BusPort, 'connected'>
  readonly roles: readonly string[]
  /** Whether the roles have begun their work. */
  readonly hasStarted: boolean
}

/** Without this actor, or one of these, the role does nothing. The other roles have no actors. */
const ESSENTIAL: Readonly<Record<string, string>> = {
  engine: 'lease-holder/engine',
  'host-monitor': 'observer/hosts',
  'instance-monitor': 'instance-watcher/',
}

/**
 * It is alive while one of its roles can go on. A role whose essential actor is given up is no reason to kill a process in which
 * another role works: an engine must not fall because a monitor beside it is broken.
 */
export function serviceState({ node, bus, roles, hasStarted }: Parts): ServiceState {
  const actors = node.system.snapshot()
  const acting = roles.filter((role) => role in ESSENTIAL)
  const isAlive = !hasStarted || acting.length === 0 || acting.some((role) => canGoOn(role, actors))
  const sentences = [
    ...(hasStarted ? [] : ['waits for the store']),
    ...(hasStarted && roles.includes('engine') ? [leadershipOf(node)] : []),
    ...(bus.connected() ? [] : ['the bus is away']),
    ...troublesOf(actors),
  ]
  const sentence = sentences.length === 0 ? 'works' : sentences.join('; ')
  return { isReady: hasStarted, isAlive, sentence: `${roles.join(', ')}: ${sentence}` }
}

function canGoOn(role: string, actors: readonly ActorSnapshot[]): boolean {
  const start = ESSENTIAL[role] ?? ''
  const essential = actors.filter(
    ({ path }) => path.startsWith(start) && path.split('/').length === 2,
  )
  // An instance monitor without a hypervisor has nothing to listen to, and is fine.
  return essential.length === 0
    ? role === 'instance-monitor'
    : essential.some(({ state }) => state !== GIVEN_UP)
}

function leadershipOf({ epoch, campaigning }: Parts['node']): string {
  const led = epoch()
  if (led !== null) return `leads with epoch ${led}`
  return campaigning() ? 'stands by' : 'does not campaign'
}

function troublesOf(actors: readonly ActorSnapshot[]): readonly string[] {
  const blind = actors.find(({ path, state }) => path === 'observer/hosts' && state === 'blind')
  const givenUp = actors.filter(({ state }) => state === GIVEN_UP)
  return [
    ...(blind === undefined ? [] : [`blind: ${blind.reason ?? ''}`]),
    ...(givenUp.length === 0 ? [] : [`given up: ${givenUp.map(({ path }) => path).join(', ')}`]),
  ]
}
