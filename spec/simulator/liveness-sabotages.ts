/**
 * Rules broken on purpose that the simulator finds at the end of a run: unfinished work, or a
 * missing reason.
 */
import type { Sabotage } from '../../ops/simulator/deployment.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import { withChanges } from './with-changes.ts'

/** Reports are stored, and no leader reads them. */
export const forgetReports: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, { listUnfinished: async () => [] }),
})

/** A leader reads only new reports, and the recoveries that it has begun itself. */
export const leaveOthersWork: Sabotage = (ports) => {
  const { store } = ports
  const ours = new Set<string>()
  return {
    ...ports,
    store: withChanges(store, {
      recordTransition: async (epoch, transition) => {
        const isRecorded = await store.recordTransition(epoch, transition)
        if (isRecorded) ours.add(transition.notification)
        return isRecorded
      },
      listUnfinished: async (page) =>
        (await store.listUnfinished(page)).filter(
          ({ notification: { uuid, status } }) => status === 'new' || ours.has(uuid),
        ),
    }),
  }
}

/** The fence has no time limit, and a call to a failing BMC never ends. */
export const waitForTheBmc: Sabotage = (ports) => {
  const { power, rules } = ports
  const rungs = [{ kind: 'bmc', limitMs: 100_000_000 }] as const
  return {
    ...ports,
    rules: { ...rules, recovery: { ...rules.recovery, rungs } },
    power: withChanges(power, {
      read: (bmc, signal) => endless(power.read(bmc, signal)),
      off: (bmc, signal) => endless(power.off(bmc, signal)),
    }),
  }
}

const endless = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch(() => new Promise<never>(() => {}))

/** No reason is written when a notification enters one of these statuses. */
const silentAbout =
  (...statuses: readonly NotificationStatus[]): Sabotage =>
  (ports) => ({
    ...ports,
    store: withChanges(ports.store, {
      recordTransition: (epoch, transition) => {
        const reason = statuses.includes(transition.to) ? '' : transition.reason
        return ports.store.recordTransition(epoch, { ...transition, reason })
      },
    }),
  })

/** No reason is recorded for the beginning or the end of a recovery. */
export const actWithoutReason = silentAbout('running', 'finished', 'failed')

/** No reason is recorded when nothing was done. */
export const ignoreWithoutReason = silentAbout('ignored')
