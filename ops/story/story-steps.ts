/** The steps of one recovery in the order of their times, from the first doubt to the last guest. Pure. */
import {
  UNFINISHED_STATUSES,
  type DeathCertificate,
  type JournalEntry,
  type MoveAttempt,
  type Notification,
  type VmMove,
} from '../../schema/records.ts'
import { suspicionIn } from './suspicion-in.ts'

/** What the store has of a recovery. */
export interface Recorded {
  readonly notification: Notification
  /** As registered now; its id when it is not registered any more. */
  readonly hostName: string
  readonly journal: readonly JournalEntry[]
  readonly certificate: DeathCertificate | undefined
  readonly moves: readonly VmMove[]
  readonly attempts: readonly MoveAttempt[]
}

/** What a step shows: how it is coloured. */
export type Tone = 'plain' | 'good' | 'bad' | 'waiting'

export interface StoryStep {
  readonly atMs: number
  /** One word. */
  readonly name: string
  readonly text: string
  readonly tone: Tone
}

/** Whether more may follow. */
export const isUnfinished = ({ status }: Notification): boolean =>
  UNFINISHED_STATUSES.some((each) => each === status)

/** All steps, the earliest first. Steps of the same moment keep the order in which they were stored. */
export function storySteps(recorded: Recorded): readonly StoryStep[] {
  const steps = [
    ...suspicions(recorded),
    report(recorded),
    ...recorded.journal.filter((entry) => !isTold(recorded, entry)).map(journalStep),
    ...certified(recorded),
    ...recorded.moves.flatMap((move) => moveSteps(move, recorded.attempts)),
  ]
  return steps.toSorted((one, other) => one.atMs - other.atMs)
}

/** What began it: the first missed probe of each observer, from the evidence of the recovery. */
function suspicions({ journal, hostName }: Recorded): readonly StoryStep[] {
  const first = new Map<string, StoryStep>()
  for (const { detail } of journal) {
    const doubt = suspicionIn(detail)
    if (doubt === undefined || first.has(doubt.observer)) continue
    const { observer, sinceWallMs: atMs, trace } = doubt
    const inTrace = trace === undefined ? '' : ` (trace ${trace})`
    const text = `${observer} begins to suspect ${hostName}${inTrace}`
    first.set(observer, { atMs, name: 'suspected', text, tone: 'waiting' })
  }
  return [...first.values()]
}

/** The moment that the reporter names; of our own observers, it is when enough of them agreed. */
function report({ notification, hostName }: Recorded): StoryStep {
  const { generatedAt, type, payload } = notification
  const fields = Object.entries(payload).map(([name, value]) => `${name} ${value}`)
  const text = `${type} of ${hostName}: ${fields.join(', ')}`
  return { atMs: generatedAt, name: 'reported', text, tone: 'plain' }
}

/** Evacuations and guests are told with the moves, which know more of them. */
const isTold = ({ moves }: Recorded, { step, subject }: JournalEntry): boolean =>
  (step === 'evacuate' || step === 'guest') && moves.some(({ instance }) => instance === subject)

/** Their detail says it all. */
const SELF_EVIDENT = new Set(['transition', 'observe', 'hold'])

const WORDS: Readonly<Record<JournalEntry['kind'], string>> = {
  intent: 'begins',
  outcome: 'done',
  decision: 'decided',
  evidence: 'evidence',
}

function journalStep({ at, kind, step, subject, detail }: JournalEntry): StoryStep {
  const isHold = step === 'hold' || step === 'wait'
  const tone = isHold ? 'waiting' : toneOf(detail)
  const text = SELF_EVIDENT.has(step) ? detail : `${step} ${subject}: ${detail}`
  return {
    atMs: at,
    name: isHold ? 'held' : WORDS[kind],
    text,
    tone,
  }
}

const toneOf = (detail: string): Tone => {
  if (/=> (?:failed|error)/.test(detail)) return 'bad'
  return /=> finished/.test(detail) ? 'good' : 'plain'
}

function certified({ certificate, hostName }: Recorded): readonly StoryStep[] {
  if (certificate === undefined) return []
  const { issuedAt: atMs, ground, evidence } = certificate
  const proof = evidence.at(-1)
  const text = `${hostName} is certainly dead: ${ground}${proof === undefined ? '' : `: ${proof}`}`
  return [{ atMs, name: 'certified', text, tone: 'good' }]
}

function moveSteps(move: VmMove, attempts: readonly MoveAttempt[]): readonly StoryStep[] {
  const name = move.instanceName || move.instance
  const own = attempts.filter((attempt) => attempt.move === move.uuid)
  return [...own.flatMap((attempt) => attemptSteps(name, attempt)), ...guestSteps(name, move)]
}

function attemptSteps(name: string, attempt: MoveAttempt): readonly StoryStep[] {
  const { number, target, requestedAt, endedAt, outcome, reason } = attempt
  const which = number === 1 ? '' : ` (attempt ${number})`
  const to = target === null ? 'to a host that Nova chooses' : `to ${target}`
  const asked = { atMs: requestedAt, name: 'requested', text: `evacuate ${name} ${to}${which}` }
  if (endedAt === null) return [{ ...asked, tone: 'plain' }]
  const why = reason === null ? '' : `: ${reason}`
  const isMoved = outcome === 'succeeded'
  const text = `${name} ${to}: ${outcome ?? 'ended'} after ${seconds(endedAt - requestedAt)}${why}`
  const ended = { atMs: endedAt, name: isMoved ? 'moved' : 'not moved', text }
  return [
    { ...asked, tone: 'plain' },
    { ...ended, tone: isMoved ? 'good' : 'bad' },
  ]
}

function guestSteps(name: string, { guest, destHost }: VmMove): readonly StoryStep[] {
  if (guest === null || guest.at === null) return []
  const isBack = guest.state === 'agent' || guest.state === 'running'
  const text = `guest of ${name}${destHost === null ? '' : ` on ${destHost}`}: ${guest.reason ?? guest.state}`
  return [{ atMs: guest.at, name: 'guest', text, tone: isBack ? 'good' : 'waiting' }]
}

/** `12.3 s`. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
