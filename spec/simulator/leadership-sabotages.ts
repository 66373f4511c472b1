/** Rules of leadership broken on purpose: together, and each of them alone. */
import { sleep } from '../../actors/ports/clock.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Sabotage } from '../../ops/simulator/deployment.ts'
import { withChanges } from './with-changes.ts'

/**
 * A lease that never ends by our own clock, a refusal of the broker that counts as success, and a
 * store that compares no epochs.
 */
export const forgetTheEpoch: Sabotage = (ports) => {
  const { store, lease, rules } = ports
  return {
    ...ports,
    rules: { ...rules, lease: { ...rules.lease, ttlMs: 100_000_000 } },
    lease: withChanges(lease, {
      renew: async (holder, revision) => (await lease.renew(holder, revision)) ?? revision,
    }),
    store: withoutEpochGuard(store),
  }
}

/** A lease that never ends by our own clock. The store still compares epochs. */
export const neverStopByOwnClock: Sabotage = (ports) => ({
  ...ports,
  rules: { ...ports.rules, lease: { ...ports.rules.lease, ttlMs: 100_000_000 } },
})

/** Longer than a lease lives after its leader was cut off. */
const SLOW_WRITE_MS = 7000

/**
 * A store that compares no epochs, and takes long for the journal: a write of a leader may arrive under the next one. The lease
 * still ends by our own clock.
 */
export const compareNoEpochs: Sabotage = ({ store, clock, ...ports }) => ({
  ...ports,
  clock,
  store: withChanges(withoutEpochGuard(store), {
    appendJournal: async (_epoch, entry) => {
      await sleep(clock, SLOW_WRITE_MS)
      await store.appendJournal(await store.currentEpoch(), entry)
    },
  }),
})

function withoutEpochGuard(store: StorePort): StorePort {
  const current = (): ReturnType<StorePort['currentEpoch']> => store.currentEpoch()
  return withChanges(store, {
    recordTransition: async (_epoch, transition) =>
      store.recordTransition(await current(), transition),
    recordIntent: async (_epoch, entry) => store.recordIntent(await current(), entry),
    appendJournal: async (_epoch, entry) => store.appendJournal(await current(), entry),
    saveCertificate: async (certificate) =>
      store.saveCertificate({ ...certificate, epoch: await current() }),
    planMoves: async (_epoch, notification, host, moves) =>
      store.planMoves(await current(), notification, host, moves),
    updateMove: async (_epoch, change) => store.updateMove(await current(), change),
    withdrawAttempt: async (_epoch, move, message) =>
      store.withdrawAttempt(await current(), move, message),
    recordRefusal: async (_epoch, move, refusal) =>
      store.recordRefusal(await current(), move, refusal),
    noteLock: async (_epoch, move, lock) => store.noteLock(await current(), move, lock),
    holdHost: async (_epoch, host, by) => store.holdHost(await current(), host, by),
    endMoves: async (_epoch, notification, end) =>
      store.endMoves(await current(), notification, end),
    releaseHost: async (_epoch, host, by) => store.releaseHost(await current(), host, by),
    releaseUntouched: async (_epoch, host, by) => store.releaseUntouched(await current(), host, by),
    recordLateCompletion: async (_epoch, move, dest) =>
      store.recordLateCompletion(await current(), move, dest),
    recordStart: async (_epoch, move, reason) => store.recordStart(await current(), move, reason),
    recordChange: async (_epoch, change) => store.recordChange(await current(), change),
    takeSpare: async (_epoch, notification, host) =>
      store.takeSpare(await current(), notification, host),
    returnSpare: async (_epoch, change) => store.returnSpare(await current(), change),
    closeChange: async (_epoch, change, outcome) =>
      store.closeChange(await current(), change, outcome),
  })
}
