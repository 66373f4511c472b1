/**
 * What ran before the fault and was left, stopped by Nova, on a host that came back by itself is started (decision 0022). Pure.
 *
 * what is known → what follows
 *  the moves that were not made, of hosts that are back → the instances of each of these hosts are looked at
 *  an instance is stopped where it was left → its history is read
 *  Nova has stopped it, in nobody's name → it is started
 *  somebody else has stopped it, or has started it since → nothing
 *  it is started → that is announced
 *  operators forbid it → nothing: it is looked at again
 *  Nova does not start it → that is recorded, and Nova is not asked again
 *  it is recorded or announced → nothing
 *  Nova or the store is away → the next round begins anew
 */
import type { HostName, MoveId } from '../../schema/ids.ts'
import type { WireBody } from '../../schema/messages/catalogue.ts'
import type { VmMove } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'
import type { Instance, InstanceAction } from '../ports/compute.ts'
import { isLeftStopped, isNobodys } from './left-stopped.ts'

export type RestartTask =
  | { readonly type: 'left.list' }
  | { readonly type: 'left.look'; readonly host: HostName; readonly moves: readonly VmMove[] }
  | { readonly type: 'left.read-history'; readonly move: VmMove }
  | { readonly type: 'left.start'; readonly move: VmMove; readonly reason: string }
  | { readonly type: 'left.announce'; readonly recovery: WireBody<'recovery.stepped'> }
  | { readonly type: 'left.explain'; readonly move: VmMove; readonly problem: string }

export type RestartAnswer =
  | { readonly type: 'left.listed'; readonly moves: readonly VmMove[] }
  | {
      readonly type: 'left.looked'
      readonly moves: readonly VmMove[]
      /** Those of the host. */
      readonly instances: readonly Instance[]
    }
  | {
      readonly type: 'left.history-read'
      readonly move: VmMove
      readonly actions: readonly InstanceAction[]
    }
  | { readonly type: 'left.started'; readonly move: VmMove; readonly reason: string }
  | { readonly type: 'left.forbidden' }
  | { readonly type: 'left.refused'; readonly move: VmMove; readonly problem: string }
  | { readonly type: 'left.said' }
  | { readonly type: 'restart.away' }

/** Those that Nova did not start when it was asked: it is not asked again. */
export type Refused = ReadonlySet<MoveId>
type RestartDecision = PeriodicDecision<Refused, RestartTask>

/** What follows from one answer. */
export function decideRestart(refused: Refused, answer: RestartAnswer): RestartDecision {
  switch (answer.type) {
    case 'left.listed': {
      const byHost = Map.groupBy(answer.moves, ({ sourceHost }) => sourceHost)
      return goOn(
        refused,
        [...byHost].map(([host, moves]) => ({ type: 'left.look', host, moves })),
      )
    }
    case 'left.looked':
      return onLooked(refused, answer)
    case 'left.history-read': {
      const { move, actions } = answer
      const isOurs = isNobodys(move, actions)
      return goOn(refused, isOurs ? [{ type: 'left.start', move, reason: REASON }] : [])
    }
    case 'left.started':
      return onStarted(refused, answer)
    case 'left.refused': {
      const { move, problem } = answer
      const more = new Set([...refused, move.uuid])
      return goOn(more, [{ type: 'left.explain', move, problem }])
    }
    case 'left.forbidden':
    case 'left.said':
      return goOn(refused)
    case 'restart.away':
      return { kind: 'end-round', memory: refused }
    default:
      return assertNever(answer)
  }
}

function onLooked(
  refused: Refused,
  { moves, instances }: RestartAnswer & { readonly type: 'left.looked' },
): RestartDecision {
  const byId = new Map(instances.map((each) => [each.id, each]))
  const stopped = moves.filter((move) => {
    const instance = byId.get(move.instance)
    return instance !== undefined && isLeftStopped(move, instance) && !refused.has(move.uuid)
  })
  return goOn(
    refused,
    stopped.map((move) => ({ type: 'left.read-history', move })),
  )
}

function onStarted(
  refused: Refused,
  { move, reason }: RestartAnswer & { readonly type: 'left.started' },
): RestartDecision {
  const { notification, sourceHost: host, instanceName } = move
  const evidence = [`Nova has stopped ${instanceName} in nobody's name`]
  const recovery = { notification, host, reason, evidence, step: 'start' } as const
  return goOn(refused, [{ type: 'left.announce', recovery }])
}

const REASON = 'it ran before the fault and was left on a host that is back'
