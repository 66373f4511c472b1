/** The main task on a real cloud: a compute host dies, and its instances run again elsewhere. */
import type { ExecutionContext } from 'ava'
import type { ServerProcess } from '../support/process.ts'
import { slowly } from './cloud.ts'
import { killHost } from './deployment.ts'
import { onCloud } from './on-cloud.ts'
import type { Notification } from './rest-client.ts'
import { INSTANCES, endOf, setStage, watched, type Stage } from './stage.ts'

const cloud = onCloud({ instances: INSTANCES, deaths: true })

async function checkRecovered(t: ExecutionContext, stage: Stage, end: Notification): Promise<void> {
  const { openstack, rest, victim, instances } = stage
  t.is(end.status, 'finished')
  for (const id of instances) {
    const instance = await openstack.compute.getInstance(id)
    t.is(instance?.vmState, 'active')
    t.not(instance?.host, victim.host)
  }
  const moves = await rest.moves(end.notification_uuid)
  t.deepEqual(
    moves.map(({ instance_uuid: id, status }) => `${id} ${status}`).toSorted(),
    instances.map((id) => `${id} succeeded`).toSorted(),
  )
  const records = await openstack.compute.listEvacuations(victim.host, Date.now() - 1_800_000)
  const perInstance = instances.map(
    (id) => records.filter(({ instance }) => instance === id).length,
  )
  t.deepEqual(
    perInstance,
    instances.map(() => 1),
    'each was evacuated once',
  )
}

cloud.serial('a compute host dies and its instances run elsewhere', async (t) => {
  t.timeout(600_000)
  await using stage = await setStage(async (deployment) => {
    await deployment.start('controller-1', 'gateway, engine, host-monitor')
    await deployment.start('controller-2', 'engine, host-monitor')
  })
  await watched(stage)
  const killedAtMs = Date.now()
  await killHost(stage.victim)
  t.log(`${stage.victim.host} lost its power with ${INSTANCES} instances on it`)
  const end = await endOf(stage, t)
  t.log(`${((Date.now() - killedAtMs) / 1000).toFixed(1)} s after the power loss`)
  await checkRecovered(t, stage, end)
  t.deepEqual(
    (await stage.victim.bmc.calls()).filter(({ what }) => what.startsWith('set power 1')),
    [],
  )
})

cloud.serial('the leader is killed during a recovery and nothing is done twice', async (t) => {
  t.timeout(600_000)
  const engines: ServerProcess[] = []
  await using stage = await setStage(async (deployment) => {
    engines.push(await deployment.start('engine-1', 'engine'))
    engines.push(await deployment.start('engine-2', 'engine'))
    await deployment.start('controller-1', 'gateway, host-monitor')
  })
  await watched(stage)
  await killHost(stage.victim)
  await slowly('the first instances are being moved', async () => {
    const [running] = await stage.rest.notifications()
    if (running === undefined) return false
    const moves = await stage.rest.moves(running.notification_uuid)
    return moves.some(({ status }) => status === 'ongoing' || status === 'succeeded')
  })
  engines[0]?.signal('SIGKILL')
  const killedAtMs = Date.now()
  const end = await endOf(stage, t)
  t.log(`${((Date.now() - killedAtMs) / 1000).toFixed(1)} s after the leader was killed`)
  await checkRecovered(t, stage, end)
})
