/** A queue that several states share. */
import * as fc from 'fast-check'
import test from 'ava'
import { EMPTY_FIFO, queued, taken, type Fifo } from '../../../actors/kernel/fifo.ts'
import { holds } from '../../support/holds.ts'

test('the first item added is taken first, in any order of adding and taking', (t) => {
  const moves = fc.array(fc.oneof(fc.nat(), fc.constant('take' as const)), { maxLength: 200 })
  const keeps = fc.property(moves, (all) => {
    let queue: Fifo<number> = EMPTY_FIFO
    const plain: number[] = []
    for (const move of all) {
      if (move === 'take') {
        const found = taken(queue)
        if (found?.[0] !== plain.shift()) return false
        queue = found?.[1] ?? queue
      } else {
        queue = queued(queue, move)
        plain.push(move)
      }
    }
    return true
  })
  holds(t, keeps)
})

test('an older queue is not changed', (t) => {
  const one = queued(queued<string>(EMPTY_FIFO, 'a'), 'b')
  const [, rest] = taken(one) ?? []
  t.is(rest && taken(rest)?.[0], 'b')
  t.is(taken(one)?.[0], 'a')
  t.is(taken(EMPTY_FIFO), undefined)
})
