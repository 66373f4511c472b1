/**
 * Writes one line of the log for each decision that an operator looks for: leadership, recoveries, fences, moves, hosts
 * that are seen dead, and observers that are blind. It hears what the actors announce and how their states change, so no
 * actor logs a decision by itself.
 */
import { GIVEN_UP } from '../../actors/kernel/cell.ts'
import type { LogFields, LogPort } from '../../actors/ports/log.ts'
import { traceIdOf } from './trace-ids.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'
import {
  FAULTS,
  GUESTS,
  HOSTS,
  LEADERSHIP,
  MOVES,
  MOVE_CHANGED,
  REPEATED,
  STEPS,
  TURNS,
  type Line,
} from './decision-lines.ts'
import { namesIn, type Witness } from './witness.ts'

/** More subjects than have news at the same time. Of one that was forgotten, a line may be written twice. */
const REMEMBERED_MAX = 20_000
/** Characters of one sentence in a line. The store and the API have all of it. */
const CHARS_MAX = 1024
/** Sentences of evidence in a line. */
const EVIDENCE_MAX = 8

const remembering = (): BoundedMap<string, string> =>
  new BoundedMap({ entriesMax: REMEMBERED_MAX, whenFull: 'drop-oldest' })

type Listeners = { readonly [Name in WireType]?: (body: WireBody<Name>) => void }

export class DecisionLog implements Witness {
  readonly #log: LogPort
  /** By notification, from the paths of the actors. */
  readonly #segments = remembering()
  /** The latest line about each subject that is announced again and again. */
  readonly #latest = remembering()
  #epoch: number | undefined

  readonly #announced: Listeners = {
    'leader.proclaimed': ({ epoch }) => {
      this.#epoch = epoch
      this.#latest.delete('leadership')
      this.#write(LEADERSHIP.won, { epoch })
    },
    'recovery.stepped': (body) => this.#stepped(body),
    'move.stepped': ({ notification, status, ...moved }) => {
      const line = MOVES[status] ?? MOVE_CHANGED
      this.#write(line, { ...this.#about(notification), status, ...moved })
    },
    'guest.followed': ({ notification, state, ...followed }) => {
      this.#write(GUESTS[state], { ...this.#about(notification), ...followed })
    },
    'host.observed': (body) => this.#observed(body),
  }
  readonly #submitted: Listeners = {
    'guest.failed': ({ instance, hostName: host, event, domainEvent, evidence }) => {
      this.#write(FAULTS['guest.failed'], { instance, host, event, domainEvent, evidence })
    },
    'host.failed': ({ hostName: host, publisher, evidence }) => {
      this.#write(FAULTS['host.failed'], { host, publisher, evidence })
    },
  }

  constructor(log: LogPort) {
    this.#log = log
  }

  /** An actor has changed its state. */
  turned(path: string, from: string, to: string, reason: string | null): void {
    const names = namesIn(path)
    const kind = [...names.keys()].at(-1) ?? ''
    const notification = names.get('recovery')
    const segment = names.get('segment')
    if (notification !== undefined && segment !== undefined) {
      this.#segments.set(notification, segment)
    }
    if (kind === 'lease-holder') this.#leadershipTurned(from, to, reason)
    const line =
      TURNS[`${kind}: ${from} > ${to}`] ?? TURNS[`${kind}: * > ${to}`] ?? TURNS[`* > ${to}`]
    if (line === undefined) return
    const actor = to === GIVEN_UP ? { path } : {}
    this.#write(line, { ...this.#about(notification), ...actor, reason })
  }

  /** A message was sent to everybody who listens. */
  announced<Name extends WireType>(type: Name, body: WireBody<Name>): void {
    this.#announced[type]?.(body)
  }

  /** The bus has stored a fault. */
  submitted<Name extends WireType>(type: Name, body: WireBody<Name>): void {
    this.#submitted[type]?.(body)
  }

  #leadershipTurned(from: string, to: string, reason: string | null): void {
    const epoch = this.#epoch
    if (from === 'leader') {
      this.#write(to === 'resigned' ? LEADERSHIP['given up'] : LEADERSHIP.lost, { epoch, reason })
    } else if (
      from === 'claiming-epoch' &&
      to === 'candidate' &&
      this.#isNews('leadership', reason)
    ) {
      this.#write(LEADERSHIP['no epoch'], { reason })
    }
  }

  #stepped({ notification, host, step, reason, evidence }: WireBody<'recovery.stepped'>): void {
    const subject = (each: string): string => `${notification}/${host}/${each}`
    if (REPEATED.includes(step)) {
      if (!this.#isNews(subject(step), reason)) return
    } else for (const each of REPEATED) this.#latest.delete(subject(each))
    this.#write(STEPS[step], { ...this.#about(notification), host, reason, evidence })
  }

  /** An observer says the same again and again. That it sees a host alive first is no news. */
  #observed({
    host,
    hostName,
    segment,
    observer,
    state,
    evidence,
  }: WireBody<'host.observed'>): void {
    const subject = `${observer}/${host}`
    const before = this.#latest.get(subject)
    const line = HOSTS[state]
    if (line === undefined || !this.#isNews(subject, state)) return
    if (before === undefined && state === 'alive') return
    this.#write(line, { host: hostName, segment, observer, evidence })
  }

  #isNews(subject: string, text: string | null): boolean {
    const before = this.#latest.get(subject)
    this.#latest.set(subject, text ?? '')
    return before !== (text ?? '')
  }

  #about(notification: string | undefined): LogFields {
    if (notification === undefined) return {}
    const [segment, trace] = [this.#segments.get(notification), traceIdOf(notification)]
    return { epoch: this.#epoch, segment, notification, trace }
  }

  #write({ level, text }: Line, fields: LogFields): void {
    this.#log[level](bounded(fields), text)
  }
}

function bounded(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, short(value)]))
}

const short = (value: unknown): unknown => {
  if (typeof value === 'string') return value.slice(0, CHARS_MAX)
  return Array.isArray(value) ? value.slice(0, EVIDENCE_MAX).map(short) : value
}
