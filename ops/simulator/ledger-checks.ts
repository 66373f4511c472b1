/**
 * Checks that changes of recoveries are undone when they are not needed any more: spares are
 * reserved again, and aggregates have their earlier members.
 */
import type { Deployment } from './deployment.ts'

/** Every change that was not undone, one sentence each. */
export async function checkLedger(deployment: Deployment): Promise<readonly string[]> {
  const { cloud, store } = deployment
  const hosts = new Map((await store.listAllHosts()).map((host) => [host.name, host]))
  const unfinished = await store.listUnfinished()
  const spares = deployment.segments.flatMap((segment) =>
    segment.hosts.filter(({ reserved }) => reserved).map(({ name }) => name),
  )
  // A spare that died as well leaves its aggregates when it returns itself.
  const overdue = (await store.listChanges()).filter(
    ({ kind, host, recoveryEnded, failedHostIsBack }) =>
      kind === 'aggregate' && recoveryEnded && failedHostIsBack && !host.onMaintenance,
  )
  const kept = overdue.map(
    ({ host, subject }) =>
      `B11 ${host.name} is still in aggregate ${subject}, its failed host is back`,
  )
  const left = spares.flatMap((name) => {
    const machine = cloud.machine(name)
    const host = hosts.get(name)
    const isIdle = !cloud.instances.some((row) => row.host === name)
    // A spare that died as well waits for its own return, and a recovery that waits keeps the
    // spares that it has taken.
    if (host === undefined || host.onMaintenance || machine.forcedDown || unfinished.length > 0) {
      return []
    }
    const joined = [...cloud.aggregates].filter(([, members]) => members.includes(name))
    return [
      ...(isIdle && !host.reserved ? [`B6 ${name} is not reserved and nothing is on it`] : []),
      ...(host.reserved && !machine.disabled ? [`B6 ${name} is reserved and in service`] : []),
      ...(host.reserved && joined.length > 0
        ? [`B11 ${name} is reserved and in an aggregate`]
        : []),
    ]
  })
  const processes = [...hosts.values()].filter(({ name, onMaintenance }) => {
    const { disabled, disabledReason, serves, forcedDown } = cloud.machine(name)
    const isOurs = disabled && disabledReason === deployment.rules.processRecovery.disableReason
    return isOurs && serves && !forcedDown && !onMaintenance
  })
  const disabled = processes.map(
    ({ name }) => `A18 nova-compute of ${name} runs again and is still disabled`,
  )
  return [...kept, ...left, ...disabled]
}
