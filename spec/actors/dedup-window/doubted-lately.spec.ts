/** Whether a host has come into doubt lately, as the storm guard asks it. */
import test from 'ava'
import { Sightings } from '../../../actors/dedup-window/sightings.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { H1 } from '../records.ts'

type Said = readonly [observer: string, state: HostState, heardAtMs: number]

const CASES: Readonly<Record<string, readonly [lately: boolean, ...Said[]]>> = {
  'a host that nobody has spoken of is not in doubt': [false],
  'a host that is seen alive is not in doubt': [false, ['a', 'alive', 95]],
  'one observer who suspects it is enough': [true, ['a', 'alive', 95], ['b', 'suspect', 95]],
  'a doubt from suspicion to death is one doubt': [false, ['a', 'suspect', 40], ['a', 'dead', 95]],
  'a doubt that began lately counts': [true, ['a', 'suspect', 60], ['a', 'dead', 95]],
  'a doubt that nobody has repeated is over': [false, ['a', 'dead', 60]],
  'a doubt after a sign of life is a new one': [
    true,
    ['a', 'dead', 40],
    ['a', 'alive', 70],
    ['a', 'dead', 95],
  ],
  'the first one to doubt it says since when': [
    false,
    ['a', 'dead', 40],
    ['a', 'dead', 95],
    ['b', 'suspect', 95],
  ],
}

for (const [title, [lately, ...said]] of Object.entries(CASES)) {
  test(title, (t) => {
    const sightings = new Sightings()
    for (const [observer, state, heardAtMs] of said) {
      sightings.note(H1, observer, { state, heardAtMs })
    }
    t.is(sightings.doubtedLately(H1, { heardSinceMs: 90, begunSinceMs: 50 }), lately)
  })
}
