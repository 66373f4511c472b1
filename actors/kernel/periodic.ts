/**
 * An actor that looks at the world, decides, acts and waits, round after round. It does one task at a time. A task is a look or
 * an act. Its answer is plain data, and a pure function decides what follows from the answer.
 *
 * A round has several parts, one after another. Each part begins with one task, and ends when no task of it is left. Only then the
 * next part begins, so it sees what the earlier part has done.
 *
 *  waiting, told to look: a round begins. Its own timer tells it so when the pause is over; anybody else may tell it earlier.
 *  working, a task is answered: the next task is done. When none is left, the next part begins, or the pause.
 *  working, told to look: another round follows this one without a pause, because this one may have looked too early.
 */
import { assertNever } from './assert-never.ts'
import {
  define,
  type AnyMessage,
  type Definition,
  type KernelEffect,
  type Step,
} from './behaviour.ts'
import type { ChildPolicy } from './supervision.ts'

/** What others may tell it: look now, whatever is left of the pause. */
export interface LookNow {
  readonly type: 'periodic.look-now'
}

/** What follows from an answer. */
export type PeriodicDecision<Memory, Task> =
  /** These tasks are done next, in this order, and then what is left of the part. */
  | { readonly kind: 'go-on'; readonly memory: Memory; readonly tasks: readonly Task[] }
  /** What is left of the part is left out until the next round. */
  | { readonly kind: 'end-part'; readonly memory: Memory }
  /** So are the parts after it. */
  | { readonly kind: 'end-round'; readonly memory: Memory }

export interface Part<Memory, Task extends AnyMessage, Answer> {
  readonly initial: Memory
  /** What the part begins with in each round. */
  readonly first: Task
  /** Pure. */
  readonly decide: (memory: Memory, answer: Answer) => PeriodicDecision<Memory, Task>
  /** Does one task through ports. A rejection crashes the actor. */
  readonly perform: (task: Task, signal: AbortSignal) => Promise<Answer>
}

declare const made: unique symbol

/** A part whose types are known only to itself; made by `part`. */
export interface AnyPart extends Part<unknown, AnyMessage, unknown> {
  readonly [made]: true
}

/** Hides the types of a part, so that different parts fit one round. */
export function part<Memory, Task extends AnyMessage, Answer>(
  given: Part<Memory, Task, Answer>,
): AnyPart {
  return given as unknown as AnyPart // safe: it is given its own memory, tasks and answers only
}

/** These tasks are next; without any, the part goes on with what is left. */
export const goOn = <Memory, Task = never>(
  memory: Memory,
  tasks: readonly Task[] = [],
): PeriodicDecision<Memory, Task> => ({ kind: 'go-on', memory, tasks })

export interface Periodic {
  readonly parts: readonly [AnyPart, ...AnyPart[]]
  /** Before the first round, and before each later one, ms. */
  readonly firstPauseMs: number
  readonly pauseMs: number
  readonly policy: ChildPolicy
}

type OwnMessage =
  | LookNow
  | { readonly type: 'periodic.begin' }
  | { readonly type: 'periodic.answered'; readonly answer: unknown }

interface Working {
  readonly phase: 'working'
  readonly part: AnyPart
  /** What is left of the part. */
  readonly agenda: readonly AnyMessage[]
  readonly laterParts: readonly AnyPart[]
  readonly afterwards: 'pause' | 'look-again'
}

/** The kind never changes, so that rounds write no lines into the log. */
interface PeriodicState {
  readonly kind: 'periodic'
  /** What each part remembers. After a crash each part begins with its initial memory. */
  readonly memories: ReadonlyMap<AnyPart, unknown>
  readonly round: Working | { readonly phase: 'waiting' }
}

interface TaskEffect {
  readonly type: 'periodic.task'
  readonly part: AnyPart
  readonly task: AnyMessage
}

type PeriodicStep = Step<PeriodicState, TaskEffect | KernelEffect<OwnMessage>>

/** The actor of these parts. */
export function definePeriodic(periodic: Periodic): Definition<LookNow> {
  const { parts, policy } = periodic
  return define<PeriodicState, OwnMessage, TaskEffect>({
    initial: {
      kind: 'periodic',
      memories: new Map(parts.map((each) => [each, each.initial])),
      round: { phase: 'waiting' },
    },
    behaviour: (state, message) => behave(periodic, state, message),
    first: { type: 'periodic.begin' },
    policy,
    perform: async ({ part, task }, signal) => ({
      type: 'periodic.answered',
      answer: await part.perform(task, signal),
    }),
  })
}

function behave(periodic: Periodic, state: PeriodicState, message: OwnMessage): PeriodicStep {
  switch (message.type) {
    case 'periodic.begin':
      return wait(state, periodic.firstPauseMs)
    case 'periodic.look-now':
      return onLookNow(periodic, state)
    case 'periodic.answered':
      return onAnswered(periodic, state, message.answer)
    default:
      return assertNever(message)
  }
}

function onLookNow(periodic: Periodic, state: PeriodicState): PeriodicStep {
  const { round } = state
  if (round.phase === 'working') {
    return [{ ...state, round: { ...round, afterwards: 'look-again' } }, []]
  }
  const [next, effects] = beginRound(periodic, state)
  return [next, [{ type: 'timer.cancel', name: PAUSE }, ...effects]]
}

function onAnswered(periodic: Periodic, state: PeriodicState, answer: unknown): PeriodicStep {
  const { round } = state
  if (round.phase === 'waiting') return [state, []]
  const decision = round.part.decide(state.memories.get(round.part), answer)
  const memories = new Map(state.memories).set(round.part, decision.memory)
  const remembering = { ...state, memories }
  const left = decision.kind === 'go-on' ? [...decision.tasks, ...round.agenda] : []
  const later = decision.kind === 'end-round' ? [] : round.laterParts
  const [task, ...agenda] = left
  if (task !== undefined) return perform(remembering, { ...round, agenda }, task)
  const [next, ...laterParts] = later
  if (next !== undefined) {
    return perform(remembering, { ...round, part: next, agenda: [], laterParts }, next.first)
  }
  return round.afterwards === 'look-again'
    ? beginRound(periodic, remembering)
    : wait(remembering, periodic.pauseMs)
}

function beginRound({ parts }: Periodic, state: PeriodicState): PeriodicStep {
  const [part, ...laterParts] = parts
  const round = { phase: 'working', part, agenda: [], laterParts, afterwards: 'pause' } as const
  return perform(state, round, part.first)
}

const perform = (state: PeriodicState, round: Working, task: AnyMessage): PeriodicStep => [
  { ...state, round },
  [{ type: 'periodic.task', part: round.part, task }],
]

const PAUSE = 'pause'

const wait = (state: PeriodicState, afterMs: number): PeriodicStep => [
  { ...state, round: { phase: 'waiting' } },
  [{ type: 'timer.start', name: PAUSE, afterMs, message: { type: 'periodic.look-now' } }],
]
