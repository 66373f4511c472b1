/** What our kernel costs beyond nact: the same two patterns on both, in alternation, in one run. */
import * as nact from 'nact'
import { define, tell, type AnyMessage, type Definition } from '../../actors/kernel/behaviour.ts'
import type { ActorRef } from '../../actors/kernel/ref.ts'
import { NactTurns } from '../../actors/kernel/nact-turns.ts'
import { createActorSystem, type ActorSystem } from '../../actors/kernel/spawn.ts'
import { LEAF } from '../../actors/kernel/supervision.ts'
import {
  typedRegistry,
  type ActorKinds,
  type Factories,
} from '../../actors/kernel/typed-registry.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { silentLog } from '../support/logs.ts'
import { median, type Figure } from './figure.ts'

const ROUNDS = 9
const MESSAGES = 20_000
const SENDERS = 10
/** The number of messages that a sender of the fan-in sends at once. */
const BURST = 100
const BURSTS = MESSAGES / SENDERS / BURST

/** Runs a pattern once; resolves when its last message was handled. */
type Pattern = () => Promise<void>

/** The ratio of our messages in a second to those of nact alone. */
export async function measureKernel(): Promise<readonly Figure[]> {
  return [
    await compare('a ping-pong of two actors', { ours: ourPingPong, bare: barePingPong }),
    await compare(`${SENDERS} actors tell one`, { ours: ourFanIn, bare: bareFanIn }),
  ]
}

async function compare(
  what: string,
  { ours, bare }: { readonly ours: Pattern; readonly bare: Pattern },
): Promise<Figure> {
  await ours()
  await bare()
  const speeds = { ours: [] as number[], bare: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    speeds.ours.push(await speedOf(ours))
    speeds.bare.push(await speedOf(bare))
  }
  const [our, their] = [median(speeds.ours), median(speeds.bare)]
  // Rounds are compared in pairs, because the speed of the machine changes over time.
  const ratios = speeds.ours.map((speed, round) => speed / (speeds.bare[round] ?? NaN))
  return {
    what: `kernel, ${what}: messages/s, ours to bare nact's`,
    value: median(ratios),
    unit: '×',
    remark: `${Math.round(our / 1000)} k/s to ${Math.round(their / 1000)} k/s, medians of ${ROUNDS} rounds in turn`,
  }
}

async function speedOf(pattern: Pattern): Promise<number> {
  const startedAtMs = performance.now()
  await pattern()
  return (MESSAGES * 1000) / (performance.now() - startedAtMs)
}

type Counted = { readonly kind: 'counting'; readonly left: number }
interface PingPong {
  player: { argument: undefined; message: AnyMessage }
}
interface FanIn {
  collector: { argument: undefined; message: AnyMessage }
  sender: { argument: undefined; message: AnyMessage }
}
const table = typedRegistry<PingPong>()
const hall = typedRegistry<FanIn>()
const player = table.refOf('player', 'one')
const opponent = table.refOf('player', 'two')
const collector = hall.refOf('collector', 'all')

/** Handles so many messages, answers each by sending others, and then calls `done`. */
function counter(
  messages: number,
  others: readonly ActorRef<AnyMessage>[],
  done: () => void,
): Definition<AnyMessage> {
  return define<Counted, AnyMessage, { readonly type: 'done' }>({
    initial: { kind: 'counting', left: messages },
    behaviour: (state, { type }) => {
      if (type === 'begin') return [state, []]
      const left = state.left - 1
      const effects = left > 0 ? others.map((to) => tell(to, { type: 'ball' })) : []
      return [{ kind: 'counting', left }, left === 0 ? [...effects, { type: 'done' }] : effects]
    },
    perform: () => {
      done()
      return undefined
    },
    first: { type: 'begin' },
    policy: { ...LEAF, mailboxCapacity: MESSAGES },
  })
}

async function withSystem<Actors extends ActorKinds<Actors>>(
  factories: Factories<Actors>,
  play: (system: ActorSystem<Actors>) => Promise<void>,
): Promise<void> {
  const world = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: silentLog,
    turns: new NactTurns(),
  }
  const system = createActorSystem<Actors>({
    ...world,
    factories,
    onGiveUp: (path, error) => {
      throw new Error(`${path} gave up`, { cause: error })
    },
  })
  await play(system)
  await system.stop()
}

async function ourPingPong(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const factories: Factories<PingPong> = {
    player: (_argument, name) =>
      counter(MESSAGES / 2, [name === 'one' ? opponent : player], resolve),
  }
  await withSystem<PingPong>(factories, (system) => {
    system.start('player', 'one', undefined)
    system.start('player', 'two', undefined)
    system.tell(player, { type: 'ball' })
    return promise
  })
}

async function ourFanIn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const burst = Array.from({ length: BURST }, () => collector)
  const factories = {
    collector: () => counter(MESSAGES, [], resolve),
    sender: () => counter(BURSTS + 1, burst, () => {}),
  }
  await withSystem<FanIn>(factories, (system) => {
    system.start('collector', 'all', undefined)
    for (let index = 0; index < SENDERS; index += 1) system.start('sender', `${index}`, undefined)
    for (let round = 0; round < BURSTS; round += 1) {
      for (let index = 0; index < SENDERS; index += 1) {
        system.tell(hall.refOf('sender', `${index}`), { type: 'ball' })
      }
    }
    return promise
  })
}

// oxlint-disable-next-line typescript/no-generated-empty-object-type -- nact declares Ref as an empty class
type BareRef = ReturnType<typeof nact.spawn>

async function barePingPong(): Promise<void> {
  const system = nact.start()
  const { promise, resolve } = Promise.withResolvers<void>()
  const players = new Map<string, BareRef>()
  const join = (name: string, other: string): void => {
    const play = (left = MESSAGES / 2): number => {
      const to = players.get(other)
      if (left === 1) resolve()
      if (to !== undefined) nact.dispatch(to, { type: 'ball' })
      return left - 1
    }
    players.set(name, nact.spawn(system, play, name))
  }
  join('one', 'two')
  join('two', 'one')
  const first = players.get('one')
  if (first !== undefined) nact.dispatch(first, { type: 'ball' })
  await promise
  nact.stop(system)
}

async function bareFanIn(): Promise<void> {
  const system = nact.start()
  const { promise, resolve } = Promise.withResolvers<void>()
  const collect = (left = MESSAGES): number => {
    if (left === 1) resolve()
    return left - 1
  }
  const all = nact.spawn(system, collect, 'collector')
  const burst = (): void => {
    for (let count = 0; count < BURST; count += 1) nact.dispatch(all, { type: 'ball' })
  }
  const senders = Array.from({ length: SENDERS }, (_, index) =>
    nact.spawn(system, burst, `sender-${index}`),
  )
  for (let round = 0; round < BURSTS; round += 1) {
    for (const sender of senders) nact.dispatch(sender, { type: 'ball' })
  }
  await promise
  nact.stop(system)
}
