/** A periodic actor in virtual time, for specs: rounds are begun by hand or by its own pauses. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Definition } from '../../actors/kernel/behaviour.ts'
import { NactTurns } from '../../actors/kernel/nact-turns.ts'
import { definePeriodic, type LookNow, type Periodic } from '../../actors/kernel/periodic.ts'
import { createActorSystem } from '../../actors/kernel/spawn.ts'
import { LEAF } from '../../actors/kernel/supervision.ts'
import { typedRegistry } from '../../actors/kernel/typed-registry.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Turns } from '../../actors/ports/turns.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { silentLog } from '../support/logs.ts'

interface Lookers {
  looker: { argument: undefined; message: LookNow }
}

const { refOf } = typedRegistry<Lookers>()

/** Before the first round, and before each later one. */
export const FIRST_PAUSE_MS = 1000
export const PAUSE_MS = 60_000

/** Starts the actor of these parts; it waits for its first round. */
export const openPeriodic = (parts: Periodic['parts'], turns?: TurnsOf) =>
  openActor(
    () => definePeriodic({ parts, firstPauseMs: FIRST_PAUSE_MS, pauseMs: PAUSE_MS, policy: LEAF }),
    turns,
  )

type TurnsOf = (clock: ClockPort) => Turns

/** Starts a periodic actor that lives by this clock; it waits for its first round. */
export async function openActor(
  definitionOf: (clock: ClockPort) => Definition<LookNow>,
  turns: TurnsOf = () => new NactTurns(),
) {
  const clock = new VirtualClock()
  const system = createActorSystem<Lookers>({
    clock,
    random: new SeededRandom(1),
    log: silentLog,
    turns: turns(clock),
    factories: { looker: () => definitionOf(clock) },
    onGiveUp: () => {
      throw new Error('the actor crashed too often')
    },
  })
  system.start('looker', 'it', undefined)
  await settle()
  return {
    clock,
    pass: (ms: number) => clock.pass(ms, settle),
    /** Tells it to look now, and lets it work. */
    wake: async () => {
      system.tell(refOf('looker', 'it'), { type: 'periodic.look-now' })
      await settle()
    },
    settle,
    /** Its line of the health endpoint. */
    line: () => system.snapshot()[0],
  }
}

/** Each task takes a few turns of the event loop; no round of a spec takes so many. */
const SETTLING_TURNS = 50

/** Until nothing is left that can be done at this instant. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn += 1) await nextTurn()
}
