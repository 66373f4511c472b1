/**
 * The lanes of the timeline of one recovery, from the first missed probe to each guest that is
 * back. Pure.
 */
/** @import { Attempt, Bar, Evidence, JournalLine, Lane, Move, NotificationInfo, BarTone } from './api-shapes.ts' */

/** @param {string} text */
const msOf = (text) => Date.parse(/Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)

/** As `evidenceOf` of the engine writes it. */
const SUSPICION = /^(.+?): \w+ \(suspected since (\S{24})/
const ENDED = ['finished', 'failed', 'ignored', 'error']

/**
 * @param {{ notification: NotificationInfo, evidence: Evidence, moves: readonly Move[] }} recovery
 * @returns {Lane[]}
 */
export function lanesOf({ notification, evidence, moves }) {
  const journal = evidence.evidence
  const stages = [
    ...suspicionLanes(notification, journal),
    decisionLane(notification, journal),
    fenceLane(evidence, journal),
    stepLane('isolate', 'Isolation', journal),
    stepLane('take-spare', 'Spare host', journal),
    stepLane('plan', 'Plan', journal),
    stepLane('disable-service', 'Service', journal),
    stepLane('restart', 'Restart', journal),
    waitLane(journal),
    commandLane(journal),
  ].filter((lane) => lane.bars.length > 0)
  return [...closed(stages, notification), ...moves.toReversed().map(moveLane)]
}

/**
 * What goes on in a recovery that has ended is shown as ended then.
 * @param {readonly Lane[]} lanes
 * @param {NotificationInfo} notification
 * @returns {Lane[]}
 */
function closed(lanes, { status, updated_at: updatedAt }) {
  if (!ENDED.includes(status)) return [...lanes]
  const last = Math.max(...lanes.flatMap(({ bars }) => bars.map(({ from, to }) => to ?? from)))
  const end = Math.max(last, updatedAt === null ? 0 : msOf(updatedAt))
  return lanes.map((lane) => ({
    ...lane,
    bars: lane.bars.map((bar) => ({ ...bar, to: bar.to ?? end })),
  }))
}

/**
 * From the first missed probe of each observer to the moment when enough of them agreed.
 * @param {NotificationInfo} notification
 * @param {readonly JournalLine[]} journal
 * @returns {Lane[]}
 */
function suspicionLanes({ generated_time: generated }, journal) {
  /** @type {Map<string, Lane>} */
  const lanes = new Map()
  for (const { detail } of journal) {
    const [, observer, since] = SUSPICION.exec(detail) ?? []
    if (observer === undefined || since === undefined || lanes.has(observer)) continue
    const from = msOf(since)
    const to = Math.max(from, msOf(generated))
    const text = detail.slice(detail.indexOf('): ') + 3)
    lanes.set(observer, {
      label: `Suspected by ${observer}`,
      bars: [{ from, to, tone: 'waiting', text }],
    })
  }
  return [...lanes.values()]
}

/**
 * From the report, or the quorum, to the decision to act; and what was decided later.
 * @param {NotificationInfo} notification
 * @param {readonly JournalLine[]} journal
 * @returns {Lane}
 */
function decisionLane({ generated_time: generated, payload }, journal) {
  const decisions = journal.filter(({ kind, step }) => kind === 'decision' && step === 'transition')
  const from = msOf(generated)
  const [first, ...later] = decisions
  const reported = Object.values(payload).join(', ')
  /** @type {Bar[]} */
  const bars = [
    {
      from,
      to: first === undefined ? null : Math.max(from, msOf(first.at)),
      tone: 'running',
      text: first === undefined ? `reported: ${reported}` : first.detail,
    },
    ...later.map(({ at, detail }) => mark(at, detail, toneOf(detail))),
  ]
  return { label: 'Quorum and decision', bars }
}

/**
 * @param {string} at
 * @param {string} text
 * @param {BarTone} tone
 * @returns {Bar}
 */
const mark = (at, text, tone) => ({ from: msOf(at), to: msOf(at), tone, text })

/** @param {string} detail @returns {BarTone} */
function toneOf(detail) {
  if (/=> (?:failed|error)/.test(detail)) return 'bad'
  return /=> finished/.test(detail) ? 'good' : 'plain'
}

/**
 * Each rung of the fence plan, up to the proof that the host is dead.
 * @param {Evidence} evidence
 * @param {readonly JournalLine[]} journal
 * @returns {Lane}
 */
function fenceLane({ death_certificate: certificate }, journal) {
  const rungs = pairs('power-off', journal)
  const began = journal.find(
    ({ step, detail }) => step === 'transition' && detail.includes('=> running'),
  )
  if (certificate === null) return { label: 'Fence', bars: rungs }
  const issued = msOf(certificate.issued_at)
  const text = `${certificate.ground}: ${certificate.evidence.at(-1) ?? ''}`
  const last = rungs.at(-1)
  const from = last?.to ?? last?.from ?? (began === undefined ? issued : msOf(began.at))
  return {
    label: 'Fence',
    bars: [...rungs, { from: Math.min(from, issued), to: issued, tone: 'good', text }],
  }
}

/**
 * From each intent of a step to its outcome.
 * @param {string} step
 * @param {readonly JournalLine[]} journal
 * @returns {Bar[]}
 */
function pairs(step, journal) {
  /** @type {Bar[]} */
  const bars = []
  /** @type {Map<string, JournalLine>} */
  const begun = new Map()
  for (const line of journal.filter((each) => each.step === step)) {
    const before = begun.get(line.subject)
    if (line.kind === 'intent') {
      if (before !== undefined) bars.push(stretch(before, line, 'bad'))
      begun.set(line.subject, line)
    } else if (before === undefined) bars.push(mark(line.at, line.detail, 'plain'))
    else {
      bars.push(stretch(before, line, 'good'))
      begun.delete(line.subject)
    }
  }
  for (const line of begun.values()) {
    bars.push({ from: msOf(line.at), to: null, tone: 'running', text: line.detail })
  }
  return bars
}

/**
 * @param {JournalLine} intent
 * @param {JournalLine} end
 * @param {BarTone} tone
 * @returns {Bar}
 */
const stretch = (intent, end, tone) => ({
  from: msOf(intent.at),
  to: msOf(end.at),
  tone,
  text: tone === 'bad' ? intent.detail : `${intent.detail}: ${end.detail}`,
})

/**
 * @param {string} step
 * @param {string} label
 * @param {readonly JournalLine[]} journal
 * @returns {Lane}
 */
const stepLane = (step, label, journal) => ({ label, bars: pairs(step, journal) })

/** @param {readonly JournalLine[]} journal @returns {Lane} */
function waitLane(journal) {
  const holds = journal.filter(({ step }) => step === 'hold' || step === 'wait')
  return { label: 'Held', bars: holds.map(({ at, detail }) => mark(at, detail, 'waiting')) }
}

/** @param {readonly JournalLine[]} journal @returns {Lane} */
function commandLane(journal) {
  const given = journal.filter(({ step }) => step === 'command')
  return { label: 'Operators', bars: given.map(({ at, detail }) => mark(at, detail, 'plain')) }
}

/** @type {Readonly<Record<string, BarTone>>} */
const OUTCOMES = { succeeded: 'good', ongoing: 'running' }

/**
 * Each attempt to move an instance, and then the time until its guest was heard.
 * @param {Move} move
 * @returns {Lane}
 */
function moveLane(move) {
  const { attempts = [], guest } = move
  const bars = attempts.length === 0 ? wholeMove(move) : attempts.map(attemptBar)
  const moved = bars.at(-1)
  if (guest?.heard_at && moved !== undefined && moved.to !== null) {
    const text = `guest is back: ${guest.reason ?? guest.state}`
    bars.push({ from: moved.to, to: msOf(guest.heard_at), tone: 'plain', text })
  }
  return { label: move.instance_name || move.instance_uuid, bars }
}

/** @param {string | null} text */
const msOrNull = (text) => (text === null ? null : msOf(text))

/** @param {Attempt} attempt @returns {Bar} */
function attemptBar({ target, requested_at: asked, ended_at: ended, outcome, reason }) {
  const to = target === null ? 'to a host that Nova chooses' : `to ${target}`
  const why = reason === null ? '' : `: ${reason}`
  const text = `${to}${outcome === null ? '' : `, ${outcome}`}${why}`
  return {
    from: msOf(asked),
    to: msOrNull(ended),
    tone: OUTCOMES[outcome ?? 'ongoing'] ?? 'bad',
    text,
  }
}

/** Of a move whose attempts are not shown. @param {Move} move @returns {Bar[]} */
function wholeMove({ start_time: start, end_time: end, status, message }) {
  if (start === null) return []
  const text = message ?? status
  return [{ from: msOf(start), to: msOrNull(end), tone: OUTCOMES[status] ?? 'bad', text }]
}
