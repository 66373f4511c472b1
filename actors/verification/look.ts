/** What the leader itself sees of a host on its channels, and what that proves. Pure. */
import type { ComputeService } from '../ports/compute.ts'
import type { PowerState } from '../ports/power.ts'
import type { ShellProbe } from '../ports/shell.ts'

/** Longest look, ms: all channels are asked side by side. */
export const LOOK_MS = 3000

/** How long a look is good for before something irreversible is done, ms. */
export const LOOK_VALID_MS = 10_000

/** A heartbeat is life for so long, ms: one interval of nova-compute, and half of another. */
const HEARTBEAT_MS = 15_000

/** How far two readings of Nova's clock may be from each other, ms. */
const CLOCK_UNCERTAIN_MS = 5000

/**
 * alive: it runs; beating: SSH is silent, and its nova-compute has written to Nova lately; answers: something refuses connections at its address, and nobody knows its power;
 * off: its power was read as off and nothing speaks for its life; nothing: no sign of life.
 */
export type Finding = 'alive' | 'beating' | 'answers' | 'off' | 'nothing'

export interface Look {
  readonly finding: Finding
  /** What speaks for the finding, in one sentence. */
  readonly reason: string
  /** What each channel showed, one sentence each. */
  readonly evidence: readonly string[]
  /** When it ended, by our monotonic clock. */
  readonly atMs: number
}

/** Whether it speaks for life. */
export const isLife = ({ finding }: Pick<Look, 'finding'>): boolean =>
  finding === 'alive' || finding === 'beating'

/** What each channel showed; undefined where the host has no such channel, or it was not asked. */
export interface Signs {
  readonly ssh: ShellProbe | undefined
  readonly power: { readonly state: PowerState | 'unknown'; readonly detail: string } | undefined
  readonly heartbeat: Heartbeat | undefined
}

export interface Heartbeat {
  readonly isLife: boolean
  readonly detail: string
}

/** The finding of one look. */
export function judgeLook(signs: Signs, atMs: number): Look {
  const { ssh, power, heartbeat } = signs
  const finding = findingOf(
    ssh?.outcome ?? 'none',
    power?.state ?? 'unknown',
    heartbeat?.isLife ?? false,
  )
  const evidence = sentencesOf(signs)
  const reason = `the leader ${VERBS[finding]}: ${detailOf(finding, signs)}`
  return { finding, reason, evidence, atMs }
}

function findingOf(
  ssh: ShellProbe['outcome'] | 'none',
  power: PowerState | 'unknown',
  beats: boolean,
): Finding {
  if (ssh === 'alive' || (ssh === 'none' && beats)) return 'alive'
  // A heartbeat is seconds old. What SSH and the power show is of now, and the two of them together outweigh it.
  if (power === 'off') return 'off'
  if (beats) return 'beating'
  if (ssh !== 'refused') return 'nothing'
  return power === 'on' ? 'alive' : 'answers'
}

/** What speaks for it most. */
function detailOf(finding: Finding, signs: Signs): string {
  const { ssh, power, heartbeat } = signs
  if (finding === 'nothing') return sentencesOf(signs).join('; ')
  if (finding === 'off') return power?.detail ?? ''
  const isBeat = finding === 'beating' || ssh === undefined
  return isBeat ? (heartbeat?.detail ?? '') : `SSH: ${ssh.detail}`
}

const VERBS: Readonly<Record<Finding, string>> = {
  alive: 'sees it alive',
  beating: 'sees its nova-compute alive',
  answers: 'gets an answer from its address',
  off: 'reads its power as off',
  nothing: 'sees no life',
}

function sentencesOf({ ssh, power, heartbeat }: Signs): readonly string[] {
  return [
    ...(ssh === undefined ? [] : [`leader: SSH ${ssh.outcome}: ${ssh.detail}`]),
    ...(power === undefined ? [] : [`leader: ${power.detail}`]),
    ...(heartbeat === undefined ? [] : [`leader: ${heartbeat.detail}`]),
  ]
}

/**
 * Whether a service's row shows that its nova-compute has run since the host is said to be silent. What an operator, or we, change in
 * the row looks like a heartbeat, so a service that is disabled or forced down shows nothing.
 */
export function heartbeatSign(service: ComputeService | undefined, silentForMs: number): Heartbeat {
  if (service === undefined) return { isLife: false, detail: 'Nova has no compute service on it' }
  const { up, disabled, forcedDown, writtenAgoMs } = service
  if (writtenAgoMs === null) return { isLife: false, detail: 'Nova has never had a heartbeat' }
  const counts = up && !disabled && !forcedDown
  const isNew = writtenAgoMs <= HEARTBEAT_MS && writtenAgoMs + CLOCK_UNCERTAIN_MS < silentForMs
  const detail = `the latest heartbeat in Nova is ${Math.max(0, Math.round(writtenAgoMs / 1000))} s old`
  return { isLife: counts && isNew, detail }
}
