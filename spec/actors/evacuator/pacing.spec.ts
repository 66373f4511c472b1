/** The pace grows while Nova copes and halves when it does not. */
import test from 'ava'
import * as fc from 'fast-check'
import { slowDown, speedUp, startPace } from '../../../actors/evacuator/pacing.ts'

test('a pace starts with eight at once, or with the ceiling', (t) => {
  t.deepEqual(startPace(100), { limit: 8, ceiling: 100 })
  t.deepEqual(startPace(3), { limit: 3, ceiling: 3 })
})

test('a pace grows by one and halves', (t) => {
  t.deepEqual(speedUp(startPace(100)), { limit: 9, ceiling: 100 })
  t.deepEqual(slowDown({ limit: 9, ceiling: 100 }), { limit: 4, ceiling: 100 })
})

test('a pace is never below one nor above its ceiling', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.boolean()), (ceiling, answers) => {
      let pace = startPace(ceiling)
      for (const coped of answers) {
        pace = coped ? speedUp(pace) : slowDown(pace)
        if (pace.limit < 1 || pace.limit > ceiling) return false
      }
      return true
    }),
  )
  t.pass()
})
