/** How long we may act, by our own clock, and the one way to do something irreversible. */
import test from 'ava'
import * as fc from 'fast-check'
import { withIntent } from '../../../actors/leadership/intent.ts'
import { LeadershipTerm } from '../../../actors/leadership/leadership-term.ts'
import { untilStored } from '../../../actors/leadership/until-stored.ts'
import type { StorePort } from '../../../actors/ports/store.ts'
import { CodedError, StaleEpochError } from '../../../schema/errors.ts'
import { epoch, type Epoch, type NotificationId } from '../../../schema/ids.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { holdsAsync } from '../../support/holds.ts'
import { during, settle } from '../../transports/simulated/virtual-time.ts'
import { EPOCH, NODE, ONE } from '../records.ts'

test('nobody leads before holding, nor after the end', (t) => {
  const clock = new VirtualClock()
  const term = new LeadershipTerm(clock)
  t.is(term.current(), undefined)
  term.hold(EPOCH, 100)
  t.is(term.current(), EPOCH)
  term.end()
  t.is(term.current(), undefined)
})

test('a term ends by our own clock, at its very millisecond', async (t) => {
  const clock = new VirtualClock()
  const term = new LeadershipTerm(clock)
  term.hold(EPOCH, 100)
  await clock.pass(99, settle)
  t.notThrows(() => term.assert(EPOCH))
  await clock.pass(1, settle)
  t.throws(() => term.assert(EPOCH), { code: 'STALE_EPOCH' })
})

test('a jump of the wall clock neither prolongs nor ends a term', (t) => {
  const clock = new VirtualClock()
  const term = new LeadershipTerm(clock)
  term.hold(EPOCH, 100)
  clock.jumpWall(1_000_000)
  t.is(term.current(), EPOCH)
})

test('an earlier epoch of ours is stale once we hold another', (t) => {
  const term = new LeadershipTerm(new VirtualClock())
  term.hold(epoch(8), 100)
  const error = t.throws(() => term.assert(EPOCH), { code: 'STALE_EPOCH' })
  t.is(error instanceof StaleEpochError ? error.epoch : undefined, EPOCH)
})

interface Office {
  readonly clock: VirtualClock
  readonly store: StorePort
  readonly term: LeadershipTerm
  readonly notification: NotificationId
  readonly segment: string
  readonly claim: () => Promise<Epoch>
}

/** A store with one host that was reported, and a term that holds. */
async function openOffice(): Promise<Office> {
  const clock = new VirtualClock()
  const store = openSqliteStore(':memory:', { clock, random: new SeededRandom(1) })
  await store.migrate()
  const segment = await store.createSegment({
    name: 'rack-1',
    serviceType: 'COMPUTE',
    description: null,
    recoveryMethod: 'auto',
    enabled: true,
  })
  await store.createHost(segment.uuid, {
    name: ONE,
    type: 'COMPUTE',
    controlAttributes: '',
    reserved: false,
    onMaintenance: false,
  })
  const accepted = await store.acceptNotification({
    type: 'COMPUTE_HOST',
    hostName: ONE,
    generatedAt: 0,
    payload: { event: 'STOPPED' },
    duplicateWindowMs: 0,
  })
  if (accepted.kind !== 'accepted') throw new Error('the spec expects a new notification')
  const term = new LeadershipTerm(clock)
  const claim = async (): Promise<Epoch> => {
    const claimed = await store.claimEpoch(NODE)
    term.hold(claimed, clock.monotonicMs() + 1000)
    return claimed
  }
  return {
    clock,
    store,
    term,
    claim,
    segment: segment.uuid,
    notification: accepted.notification.uuid,
  }
}

const intentOf = ({ notification }: Office) => ({
  notification,
  step: 'power-off',
  subject: ONE,
  detail: 'power off',
})

test('a guarded action is done after its intent is written', async (t) => {
  const office = await openOffice()
  await using store = office.store
  const ours = await office.claim()
  const result = await withIntent(office, ours, intentOf(office), async () => {
    const journal = await store.listJournal(office.notification)
    return journal.map(({ kind, step }) => `${kind} ${step}`)
  })
  t.deepEqual(result, { kind: 'done', value: ['intent power-off'] })
})

test('a guarded action without a grant is not done', async (t) => {
  const office = await openOffice()
  await using store = office.store
  const ours = await office.claim()
  const [segment] = await store.listSegments({}, { limit: 1, sort: [] })
  if (segment === undefined) return t.fail()
  await store.updateSegment(segment.uuid, { enabled: false })
  const result = await withIntent(office, ours, intentOf(office), async () => t.fail())
  t.is(result.kind, 'refused')
})

test('a guarded action of an earlier epoch is not done, and leaves no intent', async (t) => {
  const office = await openOffice()
  await using store = office.store
  const earlier = await office.claim()
  await office.claim()
  await t.throwsAsync(
    withIntent(office, earlier, intentOf(office), async () => t.fail()),
    { code: 'STALE_EPOCH' },
  )
  t.deepEqual(await store.listJournal(office.notification), [])
})

test('a guarded action is not done when the lease ran out while its intent was written', async (t) => {
  const office = await openOffice()
  await using store = office.store
  const ours = await office.claim()
  office.term.hold(ours, office.clock.monotonicMs())
  await t.throwsAsync(
    withIntent(office, ours, intentOf(office), async () => t.fail()),
    { code: 'STALE_EPOCH' },
  )
  t.is((await store.listJournal(office.notification)).length, 1)
})

test('an epoch never goes backwards, whoever claims it', async (t) => {
  const { store: opened, claim } = await openOffice()
  await using store = opened
  await holdsAsync(
    t,
    fc.asyncProperty(fc.array(fc.constantFrom('claim', 'read')), async (acts) => {
      let last: number = await store.currentEpoch()
      for (const act of acts) {
        const now: number = act === 'claim' ? await claim() : await store.currentEpoch()
        if (now !== last + (act === 'claim' ? 1 : 0)) return false
        last = now
      }
      return true
    }),
    { numRuns: 20 },
  )
})

const AWAY = new CodedError('STORE_UNAVAILABLE', 'away')

test('a write is repeated with growing pauses while the store is away', async (t) => {
  const clock = new VirtualClock()
  const triedAt: number[] = []
  const answer = untilStored(clock, new AbortController().signal, async () => {
    triedAt.push(clock.monotonicMs())
    if (triedAt.length < 9) throw AWAY
    return 'stored'
  })
  t.is(await during(clock, answer), 'stored')
  t.deepEqual(triedAt, [0, 100, 300, 700, 1500, 3100, 6300, 11_300, 16_300])
})

test('a write that the store refuses for good is not repeated', async (t) => {
  const clock = new VirtualClock()
  const stale = new StaleEpochError(EPOCH, 'stale')
  let tries = 0
  const answer = untilStored(clock, new AbortController().signal, async () => {
    tries += 1
    throw stale
  })
  await t.throwsAsync(answer, { is: stale })
  t.is(tries, 1)
})

test('a write is given up when its actor stops', async (t) => {
  const clock = new VirtualClock()
  const ending = new AbortController()
  const answer = untilStored(clock, ending.signal, async () => {
    throw AWAY
  })
  await settle()
  ending.abort(new CodedError('ACTOR_STOPPED', 'stopped'))
  await t.throwsAsync(during(clock, answer), { code: 'ACTOR_STOPPED' })
})
