/**
 * The hosts that recoveries have taken out of service: each one is let back once everything is checked. Pure.
 *
 * what is known → what follows
 *  the hosts that are out of service → each of those that are asked for is looked at
 *  a host is looked at, and must wait → it is said why
 *  a host is looked at, and may take its next step → operators are asked for a stop
 *  operators have stopped everything → it is said
 *  operators have stopped nothing → the step is said, and then taken
 *  something is said of a host → it is not said again, until something else is
 *  a step is taken → the host is looked at again in the next round
 *  something about one host is in trouble → it is said, and the next host is looked at
 *  the store is away → the next round begins anew
 *
 * A host is asked for by the policy of its segment, or by an operator.
 */
import type { HostId } from '../../schema/ids.ts'
import type { SiteCommand } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'
import { policyOf, type PolicyDefaults } from '../policy/segment-policy.ts'
import type { QuarantineRules } from '../policy/quarantine.ts'
import type { NewEntry, Returning } from '../ports/store.ts'
import { isHeartbeat } from './heartbeats.ts'
import { onlyOf, withRow, withSaid, type Remembered } from './remembered.ts'
import { nextReturnStep, type ReturnFacts, type ReturnStep } from './return-step.ts'
import { siteStop } from './site-stop.ts'

/** A step that changes something. */
export type HostStep = Exclude<ReturnStep, { readonly kind: 'wait' }>

export type HostTask =
  | { readonly type: 'hosts.list' }
  | { readonly type: 'host.look'; readonly returning: Returning }
  | { readonly type: 'host.ask-stop'; readonly returning: Returning; readonly step: HostStep }
  | {
      readonly type: 'host.say'
      readonly returning: Returning
      readonly kind: NewEntry['kind']
      readonly detail: string
    }
  | { readonly type: 'host.take'; readonly returning: Returning; readonly step: HostStep }

export interface SeenHost extends Pick<ReturnFacts, 'nowWallMs' | 'service' | 'evacuations'> {
  readonly ssh:
    | { readonly kind: 'none' }
    | { readonly kind: 'answers' }
    | { readonly kind: 'silent'; readonly reason: string }
}

export type HostAnswer =
  | { readonly type: 'hosts.listed'; readonly hosts: readonly Returning[] }
  | { readonly type: 'host.looked'; readonly returning: Returning; readonly seen: SeenHost }
  | {
      readonly type: 'host.stop-asked'
      readonly returning: Returning
      readonly step: HostStep
      readonly commands: readonly SiteCommand[]
    }
  | { readonly type: 'host.said'; readonly returning: Returning; readonly detail: string }
  | { readonly type: 'host.taken' }
  | { readonly type: 'host.failed'; readonly returning: Returning; readonly problem: string }
  | { readonly type: 'hosts.store-away' }

export interface HostReturnRules {
  readonly quarantine: QuarantineRules
  readonly policy: PolicyDefaults
}

type HostMemory = Remembered<HostId>
type HostDecision = PeriodicDecision<HostMemory, HostTask>

/** What follows from one answer. */
export function decideHostReturn(
  rules: HostReturnRules,
  memory: HostMemory,
  answer: HostAnswer,
): HostDecision {
  switch (answer.type) {
    case 'hosts.listed':
      return onListed(rules, memory, answer.hosts)
    case 'host.looked':
      return onLooked(rules, memory, answer)
    case 'host.stop-asked':
      return onStopAsked(memory, answer)
    case 'host.said':
      return goOn(withSaid(memory, answer.returning.host.uuid, answer.detail))
    case 'host.taken':
      return goOn(memory)
    case 'host.failed':
      return goOn(memory, say(memory, answer.returning, 'decision', answer.problem))
    case 'hosts.store-away':
      return { kind: 'end-round', memory }
    default:
      return assertNever(answer)
  }
}

function onListed(
  { policy }: HostReturnRules,
  memory: HostMemory,
  hosts: readonly Returning[],
): HostDecision {
  const held = onlyOf(
    memory,
    hosts.map(({ host }) => host.uuid),
  )
  const asked = hosts.filter((returning) => isAsked(policy, returning))
  return goOn(
    held,
    asked.map((returning) => ({ type: 'host.look', returning })),
  )
}

/** By the segment's policy, or by an operator. Others are not spoken of: their policy says what they wait for. */
function isAsked(policy: PolicyDefaults, returning: Returning): boolean {
  const { segmentName, choices, commands, isGivenBack } = returning
  if (isGivenBack || commands.some(({ kind }) => kind === 'let-back')) return true
  return policyOf(policy, segmentName, choices).returnToService === 'automatic'
}

function onLooked(
  { quarantine }: HostReturnRules,
  memory: HostMemory,
  { returning, seen }: HostAnswer & { readonly type: 'host.looked' },
): HostDecision {
  const { isGivenBack, commands, deaths, disabledWith, host } = returning
  const { ssh, ...shown } = seen
  const { service } = shown
  const step = nextReturnStep(quarantine, {
    ...shown,
    isGivenBack,
    commands,
    deaths,
    disabledWith,
    silence: ssh.kind === 'silent' ? ssh.reason : null,
    isSeen: ssh.kind !== 'none' || isHeartbeat(memory.rows.get(host.uuid), service),
  })
  const next = withRow(memory, host.uuid, service)
  return step.kind === 'wait'
    ? goOn(next, say(memory, returning, 'decision', step.reason))
    : goOn(next, [{ type: 'host.ask-stop', returning, step }])
}

function onStopAsked(
  memory: HostMemory,
  { returning, step, commands }: HostAnswer & { readonly type: 'host.stop-asked' },
): HostDecision {
  const stop = siteStop(commands)
  if (stop !== undefined) return goOn(memory, say(memory, returning, 'decision', stop))
  const intent = say(memory, returning, 'intent', INTENTS[step.kind])
  return goOn(memory, [...intent, { type: 'host.take', returning, step }])
}

const INTENTS: Readonly<Record<HostStep['kind'], string>> = {
  'clear-forced-down': 'Nova may count its compute service by its heartbeat again',
  enable: "Nova's scheduler may use it again",
  'let-back': 'it is in service again',
}

/** Says what is new. */
const say = (
  memory: HostMemory,
  returning: Returning,
  kind: NewEntry['kind'],
  detail: string,
): readonly HostTask[] =>
  memory.said.get(returning.host.uuid) === detail
    ? []
    : [{ type: 'host.say', returning, kind, detail }]
