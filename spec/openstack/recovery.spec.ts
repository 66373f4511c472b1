/** The main job on a real cloud: a compute host dies, and its instances come back. */
import test, { type ExecutionContext } from 'ava'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import type { ServerProcess } from '../support/process.ts'
import { Client, bootOn, openCloud, putBack, slowly } from './cloud.ts'
import {
  controlAttributes,
  killHost,
  prepareDeployment,
  type Deployment,
  type Machine,
} from './deployment.ts'
import { RestClient, type Notification } from './rest-client.ts'

const INSTANCES = 10

interface Stage extends AsyncDisposable {
  readonly openstack: Openstack
  readonly deployment: Deployment
  readonly rest: RestClient
  readonly victim: Machine
  readonly instances: readonly InstanceId[]
}

/** A cloud with instances on one host, all its hosts registered in one segment, and our processes watching. */
async function setStage(start: (deployment: Deployment) => Promise<void>): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  const openstack = opening.use(await openCloud())
  const client = await Client.logIn()
  const deployment = opening.use(await prepareDeployment(openstack))
  await start(deployment)
  const rest = new RestClient(deployment.url, client.token)
  const hosts = new Map(
    [...deployment.machines].map(([host, machine]) => [host, controlAttributes(machine)]),
  )
  await rest.register('racks', hosts)
  const victim = await emptyMachine(openstack, deployment)
  const instances: InstanceId[] = []
  for (let count = 0; count < INSTANCES; count += 1) {
    instances.push(await bootOn(client, victim.host))
  }
  opening.defer(async () => {
    for (const id of instances) await client.call('DELETE', 'compute', `/servers/${id}`)
    for (const id of instances) {
      await slowly(`${id} is gone`, async () => !(await openstack.compute.getInstance(id)))
    }
    await putBack(openstack, client, victim.host)
  })
  for (const id of instances) await slowly(`${id} runs`, () => runs(openstack, id))
  const kept = opening.move()
  return {
    openstack,
    deployment,
    rest,
    victim,
    instances,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  }
}

async function emptyMachine({ compute }: Openstack, { machines }: Deployment): Promise<Machine> {
  for (const service of await compute.listServices()) {
    const machine = machines.get(service.host)
    if (!service.up || service.disabled || machine === undefined) continue
    if ((await compute.listInstances(service.host)).length === 0) return machine
  }
  throw new Error('no empty host is up')
}

async function runs({ compute }: Openstack, id: InstanceId, notOn?: HostName): Promise<boolean> {
  const instance = await compute.getInstance(id)
  if (instance?.vmState !== 'active' || instance.taskState !== null) return false
  return instance.host !== notOn
}

async function endOf(stage: Stage, within: ExecutionContext): Promise<Notification> {
  const [end] = await eventually('the recovery ends', async () => {
    const all = await stage.rest.notifications()
    return all.filter(({ status }) => status === 'finished' || status === 'failed')
  })
  if (end === undefined) throw new Error('unreachable')
  within.log(`${end.status}: ${end.message}`)
  return end
}

async function eventually<Item>(
  what: string,
  list: () => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  let found: readonly Item[] = []
  await slowly(what, async () => {
    found = await list()
    return found.length > 0
  })
  return found
}

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

test.serial('a compute host dies and its instances run elsewhere', async (t) => {
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

test.serial('the leader is killed in the middle and nothing is done twice', async (t) => {
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

/** Watchers must have seen every host alive before one can be missed. */
async function watched({ deployment }: Stage): Promise<void> {
  for (const { host, sshd } of deployment.machines.values()) {
    await slowly(`${host} is watched`, async () => (await sshd.sessions()) > 0)
  }
}
