/**
 * The spans of each recovery, from the first doubt about a host to its last instance. They are made from what the engine
 * announces and how its actors change their states. The trace id is the id of the notification, so that the spans of two
 * leaders are one trace.
 *
 *   recovery                  until its end, or until this engine does not lead any more
 *   ├─ detection              from the first observer's word that the host is dead to the notification
 *   ├─ decision               from the first turn of the recovery to its first act
 *   ├─ fence                  until the host is certainly dead, or cannot be made so
 *   │  └─ fence rung          one for each rung
 *   ├─ isolation              until the compute service is disabled and forced down
 *   └─ move                   one for each instance
 */
import { SpanStatusCode, trace, ROOT_CONTEXT, type Context, type Span } from '@opentelemetry/api'
import type { Attributes, Tracer } from '@opentelemetry/api'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'
import { namesIn, type Witness } from '../roles/witness.ts'

/** More recoveries than are under way at the same time. Of one that is forgotten, the spans are lost. */
const RECOVERIES_MAX = 5000
/** Open moves of one recovery: more instances than a host has. */
const MOVES_MAX = 1000
const REASON_CHARS_MAX = 512

/** When a host was doubted first, and when a notification about it was stored; wall ms. */
export interface Detection {
  readonly doubtedAt: number
  readonly storedAt: number
}

interface Open {
  readonly root: Span
  readonly inside: Context
  /** The end of the latest step: the next one begins here. */
  readonly stepAt: number
  readonly fence:
    { readonly span: Span; readonly inside: Context; readonly rungAt: number } | undefined
  readonly moves: BoundedMap<string, Span>
}

/** Starts the root span of a notification, with its trace id. */
export type StartRoot = (notification: string, startTime: number, attributes: Attributes) => Span

export interface SpanWorld {
  readonly clock: ClockPort
  readonly tracer: Tracer
  readonly startRoot: StartRoot
  /** How the death of this host was noticed, if it was noticed lately. */
  readonly detectionOf: (host: string) => Detection | undefined
}

export class RecoverySpans implements Witness {
  readonly #world: SpanWorld
  readonly #open = new BoundedMap<string, Open>({
    entriesMax: RECOVERIES_MAX,
    whenFull: 'drop-oldest',
  })
  /** When each recovery had its first turn. */
  readonly #begunAt = new BoundedMap<string, number>({
    entriesMax: RECOVERIES_MAX,
    whenFull: 'drop-oldest',
  })

  constructor(world: SpanWorld) {
    this.#world = world
  }

  turned(path: string, from: string, to: string): void {
    const names = namesIn(path)
    const kind = [...names.keys()].at(-1)
    if (kind === 'lease-holder' && from === 'leader') this.#endAll()
    const notification = names.get('recovery')
    if (notification === undefined) return
    if (kind === 'recovery' && !this.#begunAt.has(notification)) {
      this.#begunAt.set(notification, this.#now())
    }
    if (kind === 'fence') this.#fenceTurned(notification, from, to)
  }

  announced<Name extends WireType>(type: Name, body: WireBody<Name>): void {
    // `type` tells which body it is; TypeScript cannot follow this by a type parameter.
    if (type === 'recovery.stepped') this.#stepped(body as WireBody<'recovery.stepped'>)
    if (type === 'move.stepped') this.#moved(body as WireBody<'move.stepped'>)
  }

  submitted(): void {}

  #now(): number {
    return this.#world.clock.wallMs()
  }

  #stepped({ notification, host, step, reason }: WireBody<'recovery.stepped'>): void {
    const isAfterEnd = AFTER_END.includes(step)
    const open =
      this.#open.get(notification) ?? (isAfterEnd ? undefined : this.#begin(notification, host))
    if (open === undefined) return
    const at = this.#now()
    const said = reason.slice(0, REASON_CHARS_MAX)
    switch (step) {
      case 'fence':
      case 'fenced':
        this.#rungEnded(notification, open, { step, reason: said, at })
        return
      case 'isolated':
        this.#child(open, 'isolation', { startTime: open.stepAt }).end(at)
        this.#open.set(notification, { ...open, stepAt: at })
        return
      case 'finished':
      case 'failed':
      case 'ignored':
        this.#end(notification, open, { step, reason: said })
        return
      default:
        open.root.addEvent(step, { reason: said }, at)
    }
  }

  #begin(notification: string, host: string): Open {
    const { detectionOf, startRoot } = this.#world
    const now = this.#now()
    const begunAt = this.#begunAt.get(notification) ?? now
    const detection = detectionOf(host)
    const startTime = Math.min(begunAt, detection?.doubtedAt ?? begunAt)
    const root = startRoot(notification, startTime, {
      'instance_ha.notification': notification,
      'instance_ha.host': host,
    })
    const inside = trace.setSpan(ROOT_CONTEXT, root)
    const moves = new BoundedMap<string, Span>({ entriesMax: MOVES_MAX, whenFull: 'drop-oldest' })
    const open: Open = { root, inside, stepAt: now, fence: undefined, moves }
    if (detection !== undefined) {
      this.#child(open, 'detection', { startTime: detection.doubtedAt }).end(detection.storedAt)
    }
    this.#child(open, 'decision', { startTime: begunAt }).end(now)
    this.#open.set(notification, open)
    return open
  }

  #child(
    { inside }: Pick<Open, 'inside'>,
    name: string,
    options: { readonly startTime: number; readonly attributes?: Attributes },
  ): Span {
    return this.#world.tracer.startSpan(name, options, inside)
  }

  #fenceTurned(notification: string, from: string, to: string): void {
    const open = this.#open.get(notification)
    if (open === undefined) return
    const at = this.#now()
    if (from === 'idle' && to === 'climbing') {
      const span = this.#child(open, 'fence', { startTime: at })
      const inside = trace.setSpan(ROOT_CONTEXT, span)
      this.#open.set(notification, { ...open, fence: { span, inside, rungAt: at } })
    }
    if (open.fence === undefined || (to !== 'fenced' && to !== 'unfenced')) return
    open.fence.span.setStatus({ code: to === 'fenced' ? SpanStatusCode.OK : SpanStatusCode.ERROR })
    open.fence.span.end(at)
    this.#open.set(notification, { ...open, fence: undefined, stepAt: at })
  }

  #rungEnded(
    notification: string,
    open: Open,
    { step, reason, at }: { readonly step: string; readonly reason: string; readonly at: number },
  ): void {
    const { fence } = open
    if (fence === undefined) return
    const attributes = { 'instance_ha.reason': reason, 'instance_ha.confirmed': step === 'fenced' }
    this.#child(fence, 'fence rung', { startTime: fence.rungAt, attributes }).end(at)
    this.#open.set(notification, { ...open, fence: { ...fence, rungAt: at } })
  }

  #moved({
    notification,
    instance,
    instanceName,
    status,
    dest,
    reason,
  }: WireBody<'move.stepped'>): void {
    const open = this.#open.get(notification)
    if (open === undefined) return
    const before = open.moves.get(instance)
    const at = this.#now()
    if (status === 'ongoing') {
      if (before !== undefined) {
        before.addEvent('attempt', { reason: reason.slice(0, REASON_CHARS_MAX) }, at)
        return
      }
      const attributes = {
        'instance_ha.instance': instance,
        'instance_ha.instance_name': instanceName,
      }
      open.moves.set(instance, this.#child(open, 'move', { startTime: at, attributes }))
      return
    }
    if (before === undefined || !ENDS.includes(status)) return
    before.setAttributes({ 'instance_ha.status': status, 'instance_ha.dest': dest ?? '' })
    const message = reason.slice(0, REASON_CHARS_MAX)
    before.setStatus(
      status === 'failed' ? { code: SpanStatusCode.ERROR, message } : { code: SpanStatusCode.OK },
    )
    before.end(at)
    open.moves.delete(instance)
  }

  #end(
    notification: string,
    open: Open,
    { step, reason }: { readonly step: string; readonly reason: string },
  ): void {
    const at = this.#now()
    open.root.setAttributes({ 'instance_ha.result': step, 'instance_ha.reason': reason })
    open.root.setStatus(
      step === 'failed'
        ? { code: SpanStatusCode.ERROR, message: reason }
        : { code: SpanStatusCode.OK },
    )
    endSpans(open, at)
    this.#open.delete(notification)
    this.#begunAt.delete(notification)
  }

  /** The next leader goes on with these recoveries, with spans of its own in the same traces. */
  #endAll(): void {
    const at = this.#now()
    for (const [notification, open] of this.#open.entries()) {
      open.root.setAttribute('instance_ha.result', 'handed over')
      endSpans(open, at)
      this.#open.delete(notification)
    }
  }
}

function endSpans({ root, fence, moves }: Open, at: number): void {
  fence?.span.end(at)
  for (const span of moves.values()) span.end(at)
  root.end(at)
}

const ENDS: readonly string[] = ['succeeded', 'failed', 'ignored']
/** Announced of recoveries that have ended. */
const AFTER_END: readonly string[] = ['start', 'return', 'give-back']
