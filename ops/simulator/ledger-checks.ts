/** What recoveries changed and nobody needs any more is as it was: spares are reserved, aggregates hold whom they held. */
import type { Deployment } from './deployment.ts'

/** Every change that was left behind, one sentence each. */
export async function checkLedger(deployment: Deployment): Promise<readonly string[]> {
  const { cloud, store } = deployment
  const hosts = new Map((await store.listAllHosts()).map((host) => [host.name, host]))
  const unfinished = await store.listUnfinished()
  const spares = deployment.segments.flatMap((segment) =>
    segment.hosts.filter(({ reserved }) => reserved).map(({ name }) => name),
  )
  // A spare that died as well leaves what it had joined on its own return.
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
    // One that died as well waits for its own return; a recovery that waits keeps what it has taken.
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
  const disabled = processes.map(({ name }) => `A18 ${name} beats again and is still disabled`)
  return [...kept, ...left, ...disabled]
}
