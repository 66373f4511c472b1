/**
 * A small actor system in virtual time. Its actors do as they are told and record what they
 * receive.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { define, type KernelEffect, type Step } from '../../../actors/kernel/behaviour.ts'
import { NactTurns } from '../../../actors/kernel/nact-turns.ts'
import { createActorSystem, type ActorSystem } from '../../../actors/kernel/spawn.ts'
import { LEAF, type ChildPolicy } from '../../../actors/kernel/supervision.ts'
import { typedRegistry } from '../../../actors/kernel/typed-registry.ts'
import type { ClockPort } from '../../../actors/ports/clock.ts'
import type { LogPort } from '../../../actors/ports/log.ts'
import type { Turns } from '../../../actors/ports/turns.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { VirtualTurns } from '../../../transports/simulated/turns.ts'

export interface ToyState {
  readonly kind: string
}

export type ToyMessage =
  | { readonly type: 'toy.begin' }
  | { readonly type: 'toy.say'; readonly text: string }
  | { readonly type: 'toy.crash' }
  | { readonly type: 'toy.become'; readonly kind: string; readonly effects?: readonly ToyEffect[] }
  | { readonly type: 'toy.run'; readonly effects: readonly ToyEffect[] }

/** Waits until the spec resolves or rejects. */
export interface ToyWait {
  readonly type: 'toy.wait'
  readonly outcome: Promise<ToyMessage | undefined>
}

export type ToyEffect = ToyWait | KernelEffect<ToyMessage>

interface Toys {
  toy: { argument: undefined; message: ToyMessage }
}

const { refOf, startChild, stopChild } = typedRegistry<Toys>()

/** The address of a toy with this name. */
export const toy = (name: string) => refOf('toy', name)

export const say = (text: string): ToyMessage => ({ type: 'toy.say', text })
export const CRASH: ToyMessage = { type: 'toy.crash' }
export const run = (...effects: readonly ToyEffect[]): ToyMessage => ({ type: 'toy.run', effects })

/** Starts a child of a toy. */
export const child = (name: string): ToyEffect => startChild('toy', name, undefined)

/** Stops a child of a toy. */
export const stop = (name: string): ToyEffect => stopChild('toy', name)

/** Starts a timer that sends a message. */
export const timer = (name: string, afterMs: number, text = name): ToyEffect => ({
  type: 'timer.start',
  name,
  afterMs,
  message: say(text),
})

/** Actors behave alike with each kind of turns. */
export const TURNS: Readonly<Record<string, (clock: ClockPort) => Turns>> = {
  'on nact': () => new NactTurns(),
  'in virtual time': (clock) =>
    new VirtualTurns(clock, () => {
      throw new Error('the actors of a test never rest')
    }),
}

type OpenStage = (policy?: Partial<ChildPolicy>) => ReturnType<typeof stageOn>

/** One test of the kernel for each kind of turns. */
export function testKernel(
  title: string,
  body: (t: ExecutionContext, openStage: OpenStage) => Promise<void>,
): void {
  for (const [where, turns] of Object.entries(TURNS)) {
    test(`${title} (${where})`, (t) => body(t, (policy = {}) => stageOn(turns, policy)))
  }
}

/** Opens an empty system. All toys have the same policy. */
function stageOn(turnsOf: (clock: ClockPort) => Turns, policy: Partial<ChildPolicy>) {
  const clock = new VirtualClock()
  const heard: string[] = []
  const gaveUp: { readonly path: string; readonly error: unknown }[] = []
  const transitions: string[] = []
  const warnings: { readonly text: string; readonly fields: Readonly<Record<string, unknown>> }[] =
    []
  const signals: AbortSignal[] = []
  const log: LogPort = {
    info: () => {},
    warn: (fields, text) => void warnings.push({ fields, text }),
    error: () => {},
  }
  const system: ActorSystem<Toys> = createActorSystem<Toys>({
    clock,
    random: new SeededRandom(1),
    log,
    turns: turnsOf(clock),
    factories: {
      toy: (_argument, name) =>
        define<ToyState, ToyMessage, ToyWait>({
          initial: { kind: 'awake' },
          behaviour: (state, message) => {
            heard.push(`${name} ${message.type === 'toy.say' ? message.text : message.type}`)
            return onToyMessage(state, message)
          },
          first: { type: 'toy.begin' },
          policy: { ...LEAF, ...policy },
          childGivenUp: (given) => say(`${given.name} is given up`),
          perform: (effect, signal) => {
            signals.push(signal)
            return effect.outcome
          },
        }),
    },
    onGiveUp: (path, error) => void gaveUp.push({ path, error }),
    onTransition: (path, from, to) => void transitions.push(`${path}: ${from} => ${to}`),
  })
  /** Waits until nothing can be handled at this instant. */
  const settle = async (): Promise<void> => {
    do await nextTurn()
    while (system.queued() > 0)
    await nextTurn()
  }
  return {
    system,
    clock,
    heard,
    gaveUp,
    transitions,
    warnings,
    signals,
    settle,
    pass: (ms: number) => clock.pass(ms, settle),
    /** Starts a top-level toy. */
    async start(name: string) {
      system.start('toy', name, undefined)
      await settle()
    },
    /** Sends a message to a toy, and lets it act. */
    async tell(name: string, ...messages: readonly ToyMessage[]) {
      for (const message of messages) system.tell(toy(name), message)
      await settle()
    },
    /** What was received since the last check. */
    take: (): readonly string[] => heard.splice(0),
    lineOf: (path: string) => system.snapshot().find((line) => line.path === path),
  }
}

function onToyMessage(state: ToyState, message: ToyMessage): Step<ToyState, ToyEffect> {
  switch (message.type) {
    case 'toy.crash':
      throw new Error('told to crash')
    case 'toy.become':
      return [{ kind: message.kind }, message.effects ?? []]
    case 'toy.run':
      return [state, message.effects]
    default:
      return [state, []]
  }
}
