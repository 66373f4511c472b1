/**
 * What a process learns from its store about its own leadership: the refused epoch from a write,
 * and nothing from reads.
 */
import test from 'ava'
import { deposingStore } from '../../ops/roles/deposing-store.ts'
import { StaleEpochError } from '../../schema/errors.ts'
import { epoch, type Epoch } from '../../schema/ids.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { EPOCH, H1, N1, NODE, SEGMENT } from '../actors/records.ts'

/** A store with two successive leaders, and the epochs that it reported as refused. */
async function openLedTwice() {
  const opened = openSqliteStore(':memory:', {
    clock: new VirtualClock(),
    random: new SeededRandom(1),
  })
  await opened.migrate()
  const earlier = await opened.claimEpoch(NODE)
  const current = await opened.claimEpoch(NODE)
  const refused: Epoch[] = []
  const store = deposingStore(opened, (each) => refused.push(each))
  return { opened, store, earlier, current, refused }
}

test('a refused write reports the refused epoch, and still throws', async (t) => {
  const { store: opened, earlier, current, refused } = await openLedTwice()
  await using store = opened
  const change = 12
  await t.throwsAsync(store.closeChange(earlier, change, 'done'), { code: 'STALE_EPOCH' })
  t.deepEqual(refused, [earlier])
  const certificate = {
    notification: N1,
    host: H1,
    epoch: epoch(current + 1),
    issuedAt: 1,
    ground: 'already-off' as const,
    evidence: [],
  }
  await t.throwsAsync(store.saveCertificate(certificate), { code: 'STALE_EPOCH' })
  t.deepEqual(refused, [earlier, epoch(current + 1)])
})

test('a successful write reports nothing, and neither does another error', async (t) => {
  const { store: opened, current, refused } = await openLedTwice()
  await using store = opened
  await store.closeChange(current, 12, 'done')
  await t.throwsAsync(store.deleteSegment(SEGMENT), { code: 'SEGMENT_NOT_FOUND' })
  t.deepEqual(refused, [])
})

test('reads that take a time report no epoch', async (t) => {
  const { store: opened, refused } = await openLedTwice()
  await using store = opened
  const sinceMs = 3
  await store.listReturning(sinceMs)
  await store.listGivenUp(sinceMs)
  await store.listLeftStopped(sinceMs)
  t.deepEqual(refused, [])
})

test('the epoch comes from the error, whatever the arguments are', async (t) => {
  const { opened, refused } = await openLedTwice()
  await using inner = opened
  const stale = new StaleEpochError(EPOCH, 'stale')
  const store = deposingStore({ ...inner, listReturning: () => Promise.reject(stale) }, (each) =>
    refused.push(each),
  )
  await t.throwsAsync(store.listReturning(3), { is: stale })
  t.deepEqual(refused, [EPOCH])
})
