/**
 * Turns in virtual time: players that never rest are stopped and reported, because time would never
 * pass.
 */
import { setImmediate as immediate } from 'node:timers/promises'
import test from 'ava'
import type { Place } from '../../../actors/ports/turns.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { VirtualTurns } from '../../../transports/simulated/turns.ts'

/**
 * A player that asks for so many turns, one after the other, at one instant or a millisecond apart.
 */
async function play(turnsWanted: number, apartMs: number) {
  const clock = new VirtualClock()
  const told: number[] = []
  let taken = 0
  const turns = new VirtualTurns(clock, () => told.push(taken))
  const place: Place = turns.open({
    take: () => {
      taken += 1
      if (taken === turnsWanted) return
      if (apartMs === 0) place.ask()
      else clock.schedule(apartMs, () => place.ask())
    },
    crashed: () => {},
  })
  place.ask()
  await clock.pass(apartMs === 0 ? 1 : turnsWanted * apartMs, async () => {
    await immediate()
  })
  return { told, taken }
}

test('players that never rest are stopped, and reported once', async (t) => {
  const { told, taken } = await play(Infinity, 0)
  t.deepEqual(told, [taken])
  t.is(taken, 100_001)
})

test('many turns at one instant are no livelock, and neither are more of them over time', async (t) => {
  t.deepEqual(await play(100_000, 0), { told: [], taken: 100_000 })
  t.deepEqual(await play(100_002, 1), { told: [], taken: 100_002 })
})
