/**
 * All evacuators of an engine share one concurrency limiter: its limit, its pause, and the
 * evacuations in flight.
 */
import test from 'ava'
import { ConcurrencyLimiter, type Client } from '../../../actors/evacuator/concurrency-limiter.ts'
import type {
  Caps,
  EvacuationRequest,
  InFlightEvacuation,
} from '../../../actors/evacuator/fair-share.ts'
import { CodedError, type ErrorCode } from '../../../schema/errors.ts'
import { moveId, segmentId } from '../../../schema/ids.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { TWO } from '../records.ts'

const CAPS: Caps = { overall: 64, perSegment: 64, perTarget: 64 }

const requestsOf = (prefix: string, count: number): readonly EvacuationRequest[] =>
  Array.from({ length: count }, (_, index) => ({ move: moveId(`${prefix}${index}`), target: TWO }))

const inFlightOf = (
  requests: readonly EvacuationRequest[],
  begun = false,
): readonly InFlightEvacuation[] => requests.map((request) => ({ ...request, begun }))

/** An evacuator that records what it is allowed. */
class Evacuator {
  readonly allowed: string[] = []
  readonly life = new AbortController()
  readonly client: Client
  readonly #limiter: ConcurrencyLimiter

  constructor(limiter: ConcurrencyLimiter, segment: string) {
    this.#limiter = limiter
    this.client = { segment: segmentId(segment), signal: this.life.signal }
  }

  async asks(requests: readonly EvacuationRequest[]): Promise<void> {
    for (const { move } of await this.#limiter.ask(this.client, requests)) this.allowed.push(move)
  }
}

function stage(caps: Partial<Caps> = {}) {
  const clock = new VirtualClock()
  const limiter = new ConcurrencyLimiter(clock, { ...CAPS, ...caps })
  return {
    limiter,
    evacuator: (segment: string) => new Evacuator(limiter, segment),
    pass: (ms: number) => clock.pass(ms, async () => {}),
  }
}

const trouble = (code: ErrorCode, retryAfterSeconds?: number): CodedError =>
  new CodedError(code, 'trouble', retryAfterSeconds === undefined ? {} : { retryAfterSeconds })

const fail = async (limiter: ConcurrencyLimiter, error: CodedError): Promise<void> => {
  await limiter.measure(() => Promise.reject(error)).catch(() => {})
}

test('an evacuator gets as many evacuations as the limit allows, and the rest when others end', async (t) => {
  const { limiter, evacuator } = stage()
  const one = evacuator('a')
  await one.asks(requestsOf('a', 20))
  t.is(one.allowed.length, 8)
  const rest = one.asks(requestsOf('a', 20).slice(8))
  t.is(one.allowed.length, 8)
  limiter.note(one.client, [], [moveId('a0'), moveId('a1')])
  await rest
  t.deepEqual(one.allowed.slice(8), ['a8', 'a9'])
})

test('evacuations that Nova has not begun after half a minute keep nobody waiting, and count against the caps', async (t) => {
  const { limiter, evacuator, pass } = stage({ perTarget: 14 })
  const [one, other] = [evacuator('a'), evacuator('b')]
  await one.asks(requestsOf('a', 8))
  const second = other.asks(requestsOf('b', 20))
  await pass(29_999)
  t.deepEqual(other.allowed, [])
  await pass(1)
  await second
  t.is(other.allowed.length, 6)
  limiter.note(other.client, inFlightOf(requestsOf('b', 6), true), [])
  const third = other.asks(requestsOf('c', 1))
  limiter.note(one.client, [], [moveId('a0')])
  await third
  t.deepEqual(other.allowed.slice(6), ['c0'])
})

test('two segments share the limit, also when one asked first', async (t) => {
  const { limiter, evacuator } = stage()
  const [one, other] = [evacuator('a'), evacuator('b')]
  await one.asks(requestsOf('a', 8))
  const [first, second] = [one.asks(requestsOf('c', 9)), other.asks(requestsOf('b', 9))]
  limiter.note(one.client, [], ['a0', 'a1', 'a2', 'a3'].map(moveId))
  await second
  t.deepEqual(other.allowed, ['b0', 'b1', 'b2', 'b3'])
  one.life.abort()
  await first
  t.deepEqual(one.allowed.length, 8)
})

test('evacuations that were found in flight count, although they were never allowed', async (t) => {
  const { limiter, evacuator } = stage()
  const [one, other] = [evacuator('a'), evacuator('b')]
  limiter.note(one.client, inFlightOf(requestsOf('a', 7)), [])
  await other.asks(requestsOf('b', 5))
  t.deepEqual(other.allowed, ['b0'])
})

test('when an evacuator stops or crashes, its evacuations and its request no longer count', async (t) => {
  const { evacuator } = stage()
  const [one, other] = [evacuator('a'), evacuator('b')]
  await one.asks(requestsOf('a', 8))
  const waiting = other.asks(requestsOf('b', 3))
  const again = one.asks(requestsOf('c', 1))
  one.life.abort()
  await again
  await waiting
  t.deepEqual(other.allowed, ['b0', 'b1', 'b2'])
  t.is(one.allowed.length, 8)
  await one.asks(requestsOf('d', 1))
  t.is(one.allowed.length, 8, 'the dead are allowed nothing')
})

test('a new request replaces the earlier one', async (t) => {
  const { limiter, evacuator } = stage({ overall: 1 })
  const one = evacuator('a')
  limiter.note(one.client, inFlightOf(requestsOf('x', 1)), [])
  const first = one.asks(requestsOf('a', 1))
  const second = one.asks(requestsOf('b', 1))
  await first
  t.deepEqual(one.allowed, [])
  limiter.note(one.client, [], [moveId('x0')])
  await second
  t.deepEqual(one.allowed, ['b0'])
})

test("after Nova's Retry-After to one evacuator, none is allowed anything before that time", async (t) => {
  const { limiter, evacuator, pass } = stage()
  await fail(limiter, trouble('COMPUTE_BUSY', 30))
  t.is(limiter.retryAfterMs(), 30_000)
  const one = evacuator('a')
  const asked = one.asks(requestsOf('a', 9))
  await pass(29_999)
  t.deepEqual(one.allowed, [])
  await pass(1)
  await asked
  t.is(one.allowed.length, 4, 'half of the limit')
})

test('after a busy answer, the pause is one second without Retry-After, and five minutes at most', async (t) => {
  const { limiter } = stage()
  const read = async (error: CodedError) =>
    t.throwsAsync(
      limiter.watch(async () => {
        throw error
      }),
    )
  await read(trouble('COMPUTE_REFUSED'))
  t.is(limiter.retryAfterMs(), 0)
  await read(trouble('COMPUTE_OUTCOME_UNKNOWN'))
  t.is(limiter.retryAfterMs(), 0)
  await read(trouble('COMPUTE_UNAVAILABLE'))
  t.is(limiter.retryAfterMs(), 1000)
  await read(trouble('COMPUTE_BUSY', 86_400))
  t.is(limiter.retryAfterMs(), 300_000)
})

for (const { when, afterMs, allowed } of [
  { when: 'soon makes room, and for one more each', afterMs: 4000, allowed: 4 },
  { when: 'late makes room, and no more', afterMs: 4001, allowed: 2 },
]) {
  test(`what Nova begins ${when}`, async (t) => {
    const { limiter, evacuator, pass } = stage()
    const one = evacuator('a')
    await one.asks(requestsOf('a', 8))
    const next = one.asks(requestsOf('b', 9))
    await pass(afterMs)
    limiter.note(one.client, inFlightOf(requestsOf('a', 2), true), [])
    await next
    t.is(one.allowed.length - 8, allowed)
  })
}

test('an evacuation that Nova has begun counts under the caps until it is over', async (t) => {
  const { limiter, evacuator } = stage({ overall: 9 })
  const one = evacuator('a')
  await one.asks(requestsOf('a', 8))
  const next = one.asks(requestsOf('b', 9))
  limiter.note(one.client, inFlightOf(requestsOf('a', 8), true), [])
  await next
  t.deepEqual(one.allowed.slice(8), ['b0'])
})

test('after a minute without evacuations, an old trouble is forgotten', async (t) => {
  const { limiter, evacuator, pass } = stage()
  const [one, other, late] = [evacuator('a'), evacuator('b'), evacuator('c')]
  await one.asks([])
  await fail(limiter, trouble('COMPUTE_OUTCOME_UNKNOWN'))
  one.life.abort()
  await pass(59_999)
  await other.asks(requestsOf('b', 9))
  t.is(other.allowed.length, 4)
  other.life.abort()
  await pass(60_000)
  await late.asks(requestsOf('c', 9))
  t.is(late.allowed.length, 8)
})
