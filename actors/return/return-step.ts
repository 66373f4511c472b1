/**
 * The next step of a repaired host on its way back into service, or why it must wait. Pure.
 *
 * The state of a host is what Nova shows of its compute service: `missing`, `forced-down`, `disabled` for the reason that we gave, or
 * `cleared`: it carries nothing of ours. The event is the step that is taken at one look.
 *
 * | state                                   | event             | next state        | when                                                             |
 * | --------------------------------------- | ----------------- | ----------------- | ---------------------------------------------------------------- |
 * | missing, forced-down, disabled, cleared | wait              | same              | it died too often lately, and no operator lets it back           |
 * | missing, forced-down, disabled, cleared | wait              | same              | it has SSH, and does not answer                                  |
 * | missing                                 | wait              | same              | every check above is passed                                      |
 * | forced-down, disabled, cleared          | wait              | same              | evacuations from it are not closed by its nova-compute           |
 * | forced-down, disabled, cleared          | wait              | same              | it has no SSH, and no new heartbeat of its nova-compute was seen |
 * | forced-down                             | clear-forced-down | disabled, cleared | every check above is passed                                      |
 * | disabled, cleared                       | wait              | same              | its nova-compute is not up                                       |
 * | disabled                                | enable            | cleared           | every check above is passed                                      |
 * | cleared                                 | let-back          | in-service        | every check above is passed                                      |
 *
 * Of the rows that name the state, the first one that holds decides, and everything is looked at again before
 * the next step (promise I10). What an operator has disabled stays disabled, and counts as `cleared`.
 */
import type { OperatorCommand } from '../../schema/records.ts'
import { isoTime } from '../../schema/time.ts'
import type { ComputeService, Evacuation } from '../ports/compute.ts'
import { quarantinedUntil, type QuarantineRules } from '../policy/quarantine.ts'

export type ReturnStep =
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'clear-forced-down'; readonly service: string }
  | { readonly kind: 'enable'; readonly service: string }
  | { readonly kind: 'let-back' }

export interface ReturnFacts {
  /** An operator has ended its maintenance himself. */
  readonly isGivenBack: boolean
  readonly commands: readonly OperatorCommand[]
  /** When the host was certified dead, lately, oldest first, wall ms. */
  readonly deaths: readonly number[]
  readonly nowWallMs: number
  /** Why it does not answer; null when it does. */
  readonly silence: string | null
  /** Whether anything but Nova's command, which is a minute old at times, tells that it runs: SSH, or a heartbeat between two looks. */
  readonly isSeen: boolean
  readonly service: ComputeService | undefined
  /** The reason that we gave; null when an operator had disabled the service before us: then it stays disabled. */
  readonly disabledWith: string | null
  readonly evacuations: readonly Evacuation[]
}

/** Nova's records that nothing more comes of; `done` still waits for the source's nova-compute to clean up. */
const CLOSED: readonly string[] = ['completed', 'failed', 'error', 'cancelled']

/** Everything is checked anew at each step (promise I10). */
export function nextReturnStep(rules: QuarantineRules, facts: ReturnFacts): ReturnStep {
  const { service, evacuations, silence } = facts
  const asked = facts.isGivenBack || facts.commands.some(({ kind }) => kind === 'let-back')
  const until = quarantinedUntil(rules, facts.deaths)
  if (!asked && facts.nowWallMs < until) {
    return wait(`it died ${facts.deaths.length} times and is quarantined until ${isoTime(until)}`)
  }
  if (silence !== null) return wait(silence)
  if (service === undefined) return wait('Nova has no compute service on it')
  const open = evacuations.filter(({ status }) => !CLOSED.includes(status)).length
  if (open > 0) return wait(`${open} evacuations are not closed by its nova-compute yet`)
  if (!facts.isSeen) return wait('no new heartbeat of its nova-compute was seen yet')
  if (service.forcedDown) return { kind: 'clear-forced-down', service: service.id }
  if (!service.up) return wait('its nova-compute is not up yet')
  return service.disabled && isOurs(service, facts.disabledWith)
    ? { kind: 'enable', service: service.id }
    : { kind: 'let-back' }
}

/** Another reason than ours is an operator's, and so is none: Nova forgets ours when somebody disables it without a command. */
const isOurs = ({ disabledReason }: ComputeService, ours: string | null): boolean =>
  ours !== null && disabledReason === ours

const wait = (reason: string): ReturnStep => ({ kind: 'wait', reason })
