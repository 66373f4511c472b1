/** Simultaneous recoveries count what the others take, as long as Placement may not show it. */
import test from 'ava'
import { Bookings, type Booker } from '../../../actors/placement/bookings.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { I1, I2, N1, N2, ONE, SEGMENT, TWO } from '../records.ts'

const NEEDS = { vcpus: 1, memoryMb: 2, diskGb: 3 }
const FIRST: Booker = { notification: N1, segment: SEGMENT }
const SECOND: Booker = { notification: N2, segment: SEGMENT }
const ELSEWHERE: Booker = { ...SECOND, segment: 'another' as Booker['segment'] }

function open(...bookers: readonly Booker[]) {
  const clock = new VirtualClock()
  const bookings = new Bookings(clock)
  const ends = bookers.map((booker) => {
    const end = new AbortController()
    bookings.read(booker, end.signal)
    return end
  })
  const pass = (ms: number): Promise<void> => clock.pass(ms, () => Promise.resolve())
  return { bookings, pass, ends }
}

test('what one recovery requests is counted by others of its segment, and by no other recovery', async (t) => {
  const { bookings } = open(FIRST, SECOND)
  const change = bookings.change(SECOND)
  bookings.book(I1, FIRST, { host: ONE, needs: NEEDS })
  t.is(await change, 'changed')
  t.deepEqual([...bookings.takenByOthers(SECOND)], [[ONE, { given: NEEDS, moves: 1 }]])
  t.is(bookings.takenByOthers(FIRST).size, 0)
  const { bookings: others } = open(FIRST, ELSEWHERE)
  others.book(I1, FIRST, { host: ONE, needs: NEEDS })
  t.is(others.takenByOthers(ELSEWHERE).size, 0)
})

test('a booking that came to nothing is released, and others are told', async (t) => {
  const { bookings } = open(FIRST, SECOND)
  bookings.book(I1, FIRST, { host: ONE, needs: NEEDS })
  bookings.book(I2, FIRST, { host: TWO, needs: NEEDS })
  t.deepEqual([...bookings.takenByOthers(SECOND).keys()], [ONE, TWO])
  const change = bookings.change(SECOND)
  bookings.release(I1)
  t.is(await change, 'changed')
  t.deepEqual([...bookings.takenByOthers(SECOND).keys()], [TWO])
})

test('what Placement shows is counted until the room is read again', async (t) => {
  const { bookings, pass, ends } = open(FIRST, SECOND)
  bookings.book(I1, FIRST, { host: ONE, needs: NEEDS })
  await pass(1000)
  bookings.show(I1)
  t.is(bookings.takenByOthers(SECOND).size, 1)
  await pass(1000)
  bookings.read(SECOND, (ends[1] ?? new AbortController()).signal)
  t.is(bookings.takenByOthers(SECOND).size, 0)
})

test('after a recovery has ended, its evacuations are found in Placement', async (t) => {
  const { bookings, pass, ends } = open(FIRST, SECOND)
  bookings.book(I1, FIRST, { host: ONE, needs: NEEDS })
  await pass(1000)
  ends[0]?.abort()
  t.is(bookings.takenByOthers(SECOND).size, 1)
  await pass(1000)
  bookings.read(SECOND, (ends[1] ?? new AbortController()).signal)
  t.is(bookings.takenByOthers(SECOND).size, 0)
})

test('waiting ends with the recovery, and when another call replaces it', async (t) => {
  const { bookings, ends } = open(FIRST)
  const first = bookings.change(FIRST)
  const second = bookings.change(FIRST)
  t.is(await first, 'ended')
  ends[0]?.abort()
  t.is(await second, 'ended')
  t.is(await bookings.change(FIRST), 'ended')
})
