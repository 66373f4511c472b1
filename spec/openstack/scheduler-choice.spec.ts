/**
 * A real Nova chooses the host and has none: no move is given up, and the recovery continues when
 * there is room.
 */
import type { HostName } from '../../schema/ids.ts'
import { slowly } from './cloud.ts'
import { killHost, type Deployment } from './deployment.ts'
import { onCloud } from './on-cloud.ts'
import { endOf, runs, setStage, watched } from './stage.ts'

const COUNT = 2
const cloud = onCloud({ instances: COUNT, deaths: true })

const start = async (deployment: Deployment): Promise<void> => {
  await deployment.start('controller-1', 'gateway, engine, host-monitor')
  await deployment.start('controller-2', 'host-monitor')
}

cloud.serial("instances wait while Nova's scheduler has no host for them", async (t) => {
  t.timeout(600_000)
  const more = '[host_failure]\nplacement = scheduler\nhost_failure_recovery_interval = 5\n'
  await using stage = await setStage(start, { count: COUNT, more })
  const { openstack, rest, victim, instances } = stage
  const { compute } = openstack
  await watched(stage)
  const closed: { readonly id: string; readonly host: HostName }[] = []
  await using opening = new AsyncDisposableStack()
  opening.defer(async () => {
    for (const { id } of closed) await compute.enable(id)
  })
  for (const { id, host, up, disabled } of await compute.listServices()) {
    if (!up || disabled || host === victim.host) continue
    await compute.disable(id, 'no room for the spec')
    closed.push({ id, host })
  }
  await killHost(victim)
  const sinceMs = Date.now() - 60_000
  const errors = async () =>
    (await compute.listEvacuations(victim.host, sinceMs)).filter(({ status }) => status === 'error')
  await slowly('each was asked for more often than a run allows', async () => {
    return (await errors()).length >= 4 * COUNT
  })
  const [waiting] = await rest.notifications()
  if (waiting === undefined) return t.fail()
  t.is(waiting.status, 'running')
  await slowly('they wait', async () => {
    const moves = await rest.moves(waiting.notification_uuid)
    return moves.length === COUNT && moves.every(({ status }) => status === 'pending')
  })
  t.log(`${(await errors()).length} answers without a host, and all still wait`)
  for (const { id } of closed) await compute.enable(id)
  const end = await endOf(stage, t)
  t.is(end.status, 'finished')
  for (const id of instances) t.true(await runs(openstack, id, victim.host))
})
