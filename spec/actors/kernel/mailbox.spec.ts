/** The bounded queue of an actor. */
import test from 'ava'
import * as fc from 'fast-check'
import { Mailbox } from '../../../actors/kernel/mailbox.ts'
import type { Overflow } from '../../../actors/kernel/supervision.ts'
import { holds } from '../../support/holds.ts'

interface Letter {
  readonly kind: 'told' | 'own'
  readonly text: string
}

const told = (text: string): Letter => ({ kind: 'told', text })
const own = (text: string): Letter => ({ kind: 'own', text })

function mailboxOf(overflow: Overflow, ...letters: readonly Letter[]): Mailbox<Letter> {
  const mailbox = new Mailbox<Letter>(2, overflow)
  for (const letter of letters) mailbox.push(letter)
  return mailbox
}

/** Takes everything out, in order. */
function emptied(mailbox: Mailbox<Letter>): readonly string[] {
  const texts: string[] = []
  for (let item = mailbox.shift(); item !== undefined; item = mailbox.shift()) texts.push(item.text)
  return texts
}

test('a full mailbox drops the newest message when its sender repeats messages', (t) => {
  const mailbox = mailboxOf('drop-newest', told('1'), told('2'))
  t.deepEqual(mailbox.push(told('3')), told('3'))
  t.deepEqual(emptied(mailbox), ['1', '2'])
})

test('a full mailbox drops the oldest message when only the newest counts', (t) => {
  const mailbox = mailboxOf('drop-oldest', told('1'), told('2'))
  t.deepEqual(mailbox.push(told('3')), told('1'))
  t.deepEqual(emptied(mailbox), ['2', '3'])
})

test("an actor's own items are always accepted, and never dropped", (t) => {
  for (const overflow of ['drop-newest', 'drop-oldest'] as const) {
    const mailbox = mailboxOf(overflow, own('a'), told('1'), own('b'), told('2'))
    t.is(mailbox.push(own('c')), undefined)
    t.deepEqual(mailbox.push(told('3')), overflow === 'drop-newest' ? told('3') : told('1'))
    const kept = overflow === 'drop-newest' ? 'a1b2c' : 'ab2c3'
    t.is(emptied(mailbox).join(''), kept)
  }
})

test('an item that is put first comes before all others, even into a full mailbox', (t) => {
  const mailbox = mailboxOf('drop-newest', told('1'), told('2'))
  mailbox.putFirst(own('first'))
  t.is(mailbox.depth, 3)
  t.deepEqual(emptied(mailbox), ['first', '1', '2'])
})

test('draining returns the waiting items in order, and leaves room for as many again', (t) => {
  const mailbox = mailboxOf('drop-newest', told('1'), told('2'), own('a'))
  mailbox.shift()
  t.deepEqual(mailbox.drain(), [told('2'), own('a')])
  t.is(mailbox.depth, 0)
  t.is(mailbox.shift(), undefined)
  for (const text of ['3', '4']) t.is(mailbox.push(told(text)), undefined)
})

/** The same queue as a plain list. */
class Model {
  readonly letters: Letter[] = []
  readonly capacity: number
  readonly overflow: Overflow

  constructor(capacity: number, overflow: Overflow) {
    this.capacity = capacity
    this.overflow = overflow
  }

  push(letter: Letter): Letter | undefined {
    const full = this.letters.filter(({ kind }) => kind === 'told').length >= this.capacity
    if (letter.kind === 'told' && full) {
      if (this.overflow === 'drop-newest') return letter
      const at = this.letters.findIndex(({ kind }) => kind === 'told')
      const [gone] = this.letters.splice(at, 1)
      this.letters.push(letter)
      return gone
    }
    this.letters.push(letter)
    return undefined
  }
}

const acts = fc.array(fc.constantFrom('told', 'told', 'told', 'own', 'shift', 'shift', 'first'), {
  maxLength: 4000,
  size: 'max',
})
const overflows = fc.constantFrom<Overflow>('drop-newest', 'drop-oldest')

test('a mailbox behaves like a plain list with a bound, however long it is used', (t) => {
  holds(
    t,
    fc.property(
      acts,
      fc.integer({ min: 1, max: 50 }),
      overflows,
      (sequence, capacity, overflow) => {
        const mailbox = new Mailbox<Letter>(capacity, overflow)
        const model = new Model(capacity, overflow)
        for (const [index, act] of sequence.entries()) {
          if (act === 'shift') {
            if (mailbox.shift() !== model.letters.shift()) return false
          } else if (act === 'first') {
            const letter = own(`${index}`)
            mailbox.putFirst(letter)
            model.letters.unshift(letter)
          } else {
            const letter: Letter = act === 'own' ? own(`${index}`) : told(`${index}`)
            if (mailbox.push(letter) !== model.push(letter)) return false
          }
          if (mailbox.depth !== model.letters.length) return false
        }
        const rest = mailbox.drain()
        return rest.every((letter, index) => letter === model.letters[index])
      },
    ),
    { numRuns: 40 },
  )
})
