/**
 * Runs behaviours. This file has the mailbox bounds, restart limits, timers, stop deadlines and the
 * tree; the `Turns` only make sure that one turn is taken at a time.
 */
import { CodedError } from '../../schema/errors.ts'
import type { ActorSnapshot } from '../../schema/messages/leadership.ts'
import { sleep, type ClockPort, type RandomPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'
import type { AnyDefinition, AnyMessage } from './behaviour.ts'
import { Cell, GIVEN_UP, type CellHost, type Item } from './cell.ts'
import { DeadLetters, type DeadLetterReason } from './dead-letters.ts'
import type { ActorRef } from './ref.ts'
import { judgeCrash } from './supervision.ts'
import { snapshotTree } from './tree.ts'
import type { ActorKinds, ArgumentOf, Factories, KindOf } from './typed-registry.ts'
import type { Place, Turns } from '../ports/turns.ts'

/** Runs actors of the kinds listed in `Actors`. */
export interface ActorSystem<Actors extends ActorKinds<Actors>> {
  /** Starts a top-level actor. */
  start<Kind extends KindOf<Actors>>(
    kind: Kind,
    name: string,
    argument: ArgumentOf<Actors, Kind>,
  ): void
  tell<Message extends AnyMessage>(to: ActorRef<Message>, message: Message): void
  snapshot(): readonly ActorSnapshot[]
  /** The number of dead letters since the start. */
  deadLetters(): number
  /** The same by reason. */
  deadLettersBy(): Readonly<Record<DeadLetterReason, number>>
  /** The number of crashes since the start. */
  crashes(): number
  /**
   * How many actors have a message to handle now. Actors that wait for their restart do not count.
   */
  queued(): number
  /**
   * Stops everything. Resolves when no effect is in flight, or when the longest stop deadline has
   * passed.
   */
  stop(): Promise<void>
}

/** The options of every system, whatever its actors are. */
interface KernelOptions {
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: LogPort
  readonly turns: Turns
  /** Makes an actor of each kind from its argument. */
  readonly factories: CellHost['factories']
  /**
   * Called when a top-level actor crashed too often: the process should end and be restarted from
   * outside.
   */
  readonly onGiveUp: (path: string, error: unknown) => void
  /**
   * Called at every change of a state's kind, with the reason. The simulator makes its log from it.
   */
  readonly onTransition?:
    ((path: string, from: string, to: string, reason: string | null) => void) | undefined
}

export interface SystemOptions<Actors extends ActorKinds<Actors>> extends KernelOptions {
  readonly factories: Factories<Actors>
}

/** A tree of actors in this process. */
export function createActorSystem<Actors extends ActorKinds<Actors>>(
  options: SystemOptions<Actors>,
): ActorSystem<Actors> {
  return new Kernel(options)
}

/** The most messages that one actor handles before other actors get their turn. */
const TURN_MESSAGES_MAX = 64
/**
 * The pause between two checks whether the last effects have ended, ms. A stop takes longer than
 * the effects by this much at most.
 */
const STOP_LOOK_MS = 10

class Kernel {
  readonly #options: KernelOptions
  readonly #cells = new Map<string, Cell>()
  readonly #places = new Map<Cell, Place>()
  readonly #deadLetters: DeadLetters
  readonly #host: CellHost
  /** Stopped cells with effects that still run. */
  readonly #leaving = new Set<Cell>()
  /** Crashed cells that wait for their restart. */
  readonly #resting = new Set<Cell>()
  /** Cells that have asked for a turn. */
  readonly #awake = new Set<Cell>()
  /** Resting cells whose branch is given up for a while: nothing is delivered to them. */
  readonly #givenUp = new Set<Cell>()
  #crashes = 0
  /** While everything stops, messages that still wait are counted, and nobody is warned. */
  #isStopping = false

  constructor(options: KernelOptions) {
    this.#options = options
    this.#deadLetters = new DeadLetters((reason, address, type) => {
      // That an actor is given up is told once, not with each message that it is sent meanwhile.
      if (!this.#isStopping && reason !== 'actor-given-up')
        options.log.warn({ reason, address, type }, 'dead letter')
    })
    this.#host = {
      clock: options.clock,
      factories: options.factories,
      deliver: (address, message) => this.#deliver(address, message),
      enqueue: (cell, item) => this.#enqueue(cell, item),
      startChild: (parent, child) => this.#spawn(child, parent),
      stopChild: (parent, child) => {
        const cell = parent.children.get(`${child.kind}/${child.name}`)
        if (cell !== undefined) this.#stopCell(cell)
      },
      left: (cell) => this.#leaving.delete(cell),
    }
  }

  start(kind: string, name: string, argument: unknown): void {
    this.#spawn({ kind, name, argument }, undefined)
  }

  tell<Message extends AnyMessage>(to: ActorRef<Message>, message: Message): void {
    this.#deliver(to.address, message)
  }

  snapshot(): readonly ActorSnapshot[] {
    const roots = [...this.#cells.values()].filter((cell) => cell.parent === undefined)
    return snapshotTree(roots, this.#options.clock.monotonicMs())
  }

  deadLetters(): number {
    return Object.values(this.deadLettersBy()).reduce((sum, count) => sum + count, 0)
  }

  deadLettersBy(): Readonly<Record<DeadLetterReason, number>> {
    return this.#deadLetters.counts
  }

  crashes(): number {
    return this.#crashes
  }

  queued(): number {
    return this.#awake.size
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const roots = [...this.#cells.values()].filter((cell) => cell.parent === undefined)
    for (const root of roots.toReversed()) this.#stopCell(root)
    const deadlineMs = Math.max(0, ...[...this.#leaving].map(stopDeadline))
    const until = this.#options.clock.monotonicMs() + deadlineMs
    while (this.#leaving.size > 0 && this.#options.clock.monotonicMs() < until) {
      await sleep(this.#options.clock, STOP_LOOK_MS)
    }
    for (const cell of this.#leaving) {
      this.#options.log.warn({ path: cell.path, effects: cell.inFlight }, 'stop deadline passed')
    }
    this.#options.turns.close()
  }

  #spawn(
    child: { readonly kind: string; readonly name: string; readonly argument: unknown },
    parent: Cell | undefined,
  ): void {
    if (this.#cells.has(`${child.kind}/${child.name}`)) return
    const factory = this.#options.factories[child.kind]
    if (factory === undefined) throw new RangeError(`no actor of kind ${child.kind} is known`)
    const definition: AnyDefinition = factory(child.argument as never, child.name) // safe: the compiler has checked that they fit
    const cell = new Cell(this.#host, { kind: child.kind, name: child.name, parent }, definition)
    this.#cells.set(cell.address, cell)
    parent?.children.set(cell.address, cell)
    const place = this.#options.turns.open({
      take: () => this.#takeTurn(cell),
      crashed: (error) => void this.#onCrash(cell, error),
    })
    this.#places.set(cell, place)
    this.#enqueue(cell, { kind: 'own', message: definition.first })
  }

  #deliver(address: string, message: AnyMessage): void {
    const cell = this.#cells.get(address)
    if (cell === undefined) this.#deadLetters.add('no-such-actor', address, message.type)
    else this.#enqueue(cell, { kind: 'told', message })
  }

  #enqueue(cell: Cell, item: Item): void {
    if (cell.stopped || this.#givenUp.has(cell)) {
      this.#discard(cell, [item], cell.stopped ? 'actor-stopped' : 'actor-given-up')
      return
    }
    const dropped = cell.mailbox.push(item)
    if (dropped !== undefined) {
      const type = dropped.kind === 'crash' ? 'crash' : dropped.message.type
      this.#deadLetters.add('mailbox-full', cell.address, type)
      return
    }
    this.#wake(cell)
  }

  /** Asks for one turn, however many messages wait, because each turn costs time. */
  #wake(cell: Cell): void {
    const place = this.#places.get(cell)
    if (place === undefined || this.#awake.has(cell) || this.#resting.has(cell)) return
    this.#awake.add(cell)
    place.ask()
  }

  #takeTurn(cell: Cell): void {
    for (let left = TURN_MESSAGES_MAX; left > 0 && cell.mailbox.depth > 0; left -= 1) {
      const before = cell.state.kind
      cell.handleNext()
      if (cell.state.kind !== before) {
        const { kind, reason = null } = cell.state
        this.#options.onTransition?.(cell.path, before, kind, reason)
      }
    }
    this.#awake.delete(cell)
    if (cell.mailbox.depth > 0) this.#wake(cell)
  }

  async #onCrash(cell: Cell, error: unknown): Promise<void> {
    this.#awake.delete(cell)
    this.#crashes += 1
    cell.noteError(error)
    const { clock, random, log } = this.#options
    const verdict = judgeCrash(
      cell.definition.policy,
      cell.crashesAt,
      clock.monotonicMs(),
      random.fork(cell.path).next(),
    )
    log.error({ path: cell.path, error: cell.lastError, verdict: verdict.kind }, 'actor crashed')
    if (verdict.kind === 'restart') {
      cell.crashesAt = verdict.crashesAt
      this.#stopChildren(cell)
      cell.reset()
      await this.#rest(cell, verdict.afterMs)
    } else if (cell.definition.policy.atLimit.kind === 'isolate') {
      await this.#isolate(cell, cell.definition.policy.atLimit.againMs)
    } else this.#escalate(cell, error)
  }

  /** Starts the actor anew after a pause. */
  async #rest(cell: Cell, afterMs: number): Promise<void> {
    this.#resting.add(cell)
    await sleep(this.#options.clock, afterMs)
    this.#resting.delete(cell)
    if (cell.stopped) return
    cell.mailbox.putFirst({ kind: 'own', message: cell.definition.first })
    this.#wake(cell)
  }

  /** The actor crashed once too often: its branch is given up for a while, and its parent is told. */
  async #isolate(cell: Cell, againMs: number): Promise<void> {
    this.#stopChildren(cell)
    const before = cell.state.kind
    const reason = `crashed too often: ${cell.lastError ?? ''}; tried again after ${againMs / 1000} s`
    this.#discard(cell, cell.giveUp(reason), 'actor-given-up')
    this.#options.onTransition?.(cell.path, before, GIVEN_UP, reason)
    const { parent } = cell
    const message = parent?.definition.childGivenUp?.(cell)
    if (parent !== undefined && message !== undefined) {
      this.#enqueue(parent, { kind: 'own', message })
    }
    this.#givenUp.add(cell)
    this.#resting.add(cell)
    await sleep(this.#options.clock, againMs)
    this.#givenUp.delete(cell)
    if (!cell.stopped) cell.reset()
    await this.#rest(cell, 0)
  }

  /** The actor crashed once too often: it stops, and its parent crashes in its place. */
  #escalate(cell: Cell, cause: unknown): void {
    const error = new CodedError('RESTART_LIMIT_REACHED', `${cell.path} crashed too often`, {
      cause,
    })
    this.#stopCell(cell)
    if (cell.parent === undefined) this.#options.onGiveUp(cell.path, error)
    else this.#enqueue(cell.parent, { kind: 'crash', error })
  }

  /** Counts messages that nobody handles. */
  #discard(cell: Cell, items: readonly Item[], reason: DeadLetterReason): void {
    for (const item of items) {
      if (item.kind !== 'crash') this.#deadLetters.add(reason, cell.address, item.message.type)
    }
  }

  #stopChildren(cell: Cell): void {
    for (const child of [...cell.children.values()].toReversed()) this.#stopCell(child)
  }

  #stopCell(cell: Cell): void {
    this.#stopChildren(cell)
    this.#awake.delete(cell)
    this.#givenUp.delete(cell)
    this.#discard(cell, cell.end(), 'actor-stopped')
    if (cell.inFlight > 0) this.#leaving.add(cell)
    this.#cells.delete(cell.address)
    cell.parent?.children.delete(cell.address)
    this.#places.get(cell)?.close()
    this.#places.delete(cell)
  }
}

const stopDeadline = (cell: Cell): number => cell.definition.policy.stopDeadlineMs
