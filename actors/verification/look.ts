/** What the leader itself sees of a host on its channels, and what that proves. Pure. */
import type { ComputeService } from '../ports/compute.ts'
import type { PowerState } from '../ports/power.ts'
import type { ShellProbe } from '../ports/shell.ts'

/** Longest look, ms: all channels are asked side by side. */
export const LOOK_MS = 3000

/**
 * Longest wait of a look for a host that does not accept a TCP connection, ms. Its second request
 * for a connection is sent after 1 s (RFC 6298) and has 1.5 s for its answer, so 3 s would bring
 * nothing more.
 */
export const CONNECT_MS = 2500

/**
 * The same for a host whose power reads off, ms. The BMC and the network do not fail together, and both requests for a connection have
 * had half a second for their answers by then.
 */
export const CONNECT_OFF_MS = 1500

/** How long a look is good for before something irreversible is done, ms. */
export const LOOK_VALID_MS = 10_000

/** A heartbeat is life for so long, ms: one interval of nova-compute, and half of another. */
const HEARTBEAT_MS = 15_000

/** A host sends a heartbeat each second: of three that are missing, the last one says nothing about now. Ms. */
const BEAT_FRESH_MS = 3000
/** The next heartbeat of a living host comes within this time after the last one, ms. */
export const NEXT_BEAT_MS = 1500

/** How far two readings of Nova's clock may be from each other, ms. */
const CLOCK_UNCERTAIN_MS = 5000

/**
 * alive: it runs; beating: SSH is silent, and a heartbeat of the host was heard lately, or its nova-compute has written to Nova lately; answers: something refuses connections at its address, and nobody knows its power;
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
  /** The host's own heartbeats, over the bus. */
  readonly beats: Heartbeat | undefined
  /** Of its nova-compute, in Nova. */
  readonly heartbeat: Heartbeat | undefined
}

export interface Heartbeat {
  readonly isLife: boolean
  /** Whether the next one may not be due yet: the host may live, or have died after this one. */
  readonly isRecent?: boolean
  readonly detail: string
}

/** The finding of one look. */
export function judgeLook(signs: Signs, atMs: number): Look {
  const { ssh, power } = signs
  const evidence = sentencesOf(signs)
  const found = (finding: Finding, detail: string, verb: string = VERBS[finding]): Look => {
    return { finding, reason: `the leader ${verb}: ${detail}`, evidence, atMs }
  }
  if (ssh?.outcome === 'alive') return found('alive', `SSH: ${ssh.detail}`)
  const beat = beatIn(signs)
  // A heartbeat is seconds old. What SSH and the power show is of now, and the two of them together outweigh it.
  if (beat !== undefined && ssh === undefined) return found('alive', beat.detail)
  if (power?.state === 'off') return found('off', power.detail)
  if (beat !== undefined) return found('beating', beat.detail, beat.verb)
  if (isOnlyVoice(signs)) {
    const why = 'and there is no other channel to ask: the next one decides'
    return found('beating', `${signs.heartbeat?.detail}, ${why}`)
  }
  return ssh?.outcome === 'refused'
    ? found(refusedAs(power), `SSH: ${ssh.detail}`)
    : found('nothing', evidence.join('; '))
}

/**
 * Nothing but Nova can be asked about the host, and its next heartbeat is not due yet. Without this wait, one false report would fence a
 * healthy host that has a BMC only.
 */
const isOnlyVoice = ({ ssh, beats, heartbeat }: Signs): boolean =>
  (ssh === undefined || ssh.outcome === 'misconfigured') &&
  beats === undefined &&
  heartbeat?.isRecent === true

/** The heartbeat that shows life, and how the leader knows of it. */
function beatIn({
  beats,
  heartbeat,
}: Signs): { readonly detail: string; readonly verb: string } | undefined {
  if (beats?.isLife === true) return { detail: beats.detail, verb: 'hears its heartbeat' }
  return heartbeat?.isLife === true ? { detail: heartbeat.detail, verb: VERBS.beating } : undefined
}

/** A refused connection is life together with power on (decision 0004). */
const refusedAs = (power: Signs['power']): Finding => (power?.state === 'on' ? 'alive' : 'answers')

const VERBS: Readonly<Record<Finding, string>> = {
  alive: 'sees it alive',
  beating: 'sees its nova-compute alive',
  answers: 'gets an answer from its address',
  off: 'reads its power as off',
  nothing: 'sees no life',
}

function sentencesOf({ ssh, power, beats, heartbeat }: Signs): readonly string[] {
  return [
    ...(ssh === undefined ? [] : [`leader: SSH ${ssh.outcome}: ${ssh.detail}`]),
    ...(power === undefined ? [] : [`leader: ${power.detail}`]),
    ...(beats === undefined ? [] : [`leader: ${beats.detail}`]),
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
  return { isLife: counts && isNew, isRecent: counts && writtenAgoMs <= HEARTBEAT_MS, detail }
}

/**
 * Whether the latest heartbeat over the bus shows life: it came after the host was said to be silent, and is still fresh. So the last one
 * of a dead host delays nothing, and its absence proves nothing.
 */
export function beatSign(ageMs: number, silentForMs: number): Heartbeat {
  const detail = `its latest heartbeat came ${(ageMs / 1000).toFixed(1)} s ago`
  return { isLife: ageMs <= BEAT_FRESH_MS && ageMs < silentForMs, detail }
}
