/** From RabbitMQ to the evacuation: Compute's bus calls hosts failed, and the whole product recovers them or leaves them alone. */
import test from 'ava'
import { notification, senderOf } from '../support/bridge-world.ts'
import { openProductWorld, type ProductWorld } from '../support/product-world.ts'
import { startRabbitmq, type Rabbitmq } from '../support/rabbitmq.ts'
import { until } from '../support/until.ts'

const staging = new AsyncDisposableStack()
let world: ProductWorld
let broker: Rabbitmq
let nova: Awaited<ReturnType<typeof senderOf>>

test.before(async (t) => {
  t.timeout(180_000)
  const [opened, rabbitmq] = await Promise.all([openProductWorld(), startRabbitmq()])
  world = staging.use(opened)
  broker = staging.use(rabbitmq)
  nova = staging.use(await senderOf(broker.url, 'nova'))
  const bridge = `[bridge]\ntransport_url = ${broker.url.replace('amqp:', 'rabbit:')}\n`
  await world.start('controller-1', 'gateway, engine, bridge', bridge)
  await world.register()
  await until('it is ready', async () => Object.keys(await world.unready()).length === 0, 60_000)
})
test.after.always(async () => await staging.disposeAsync())

const calledFailed = (host: string, id: string): string =>
  notification(id, {
    event_type: 'compute.host.error',
    priority: 'ERROR',
    publisher_id: `compute.${host}`,
    timestamp: new Date().toISOString().replace('T', ' ').replace('Z', ''),
    payload: { host },
  })

/** Notifications that the bridge has reported, or recognised as repetitions. */
async function handled(): Promise<number> {
  const bridge = (await world.supervisors())[0]?.bridge
  return (bridge?.reported ?? 0) + (bridge?.duplicates ?? 0)
}

test.serial('a host that is dead is evacuated, once', async (t) => {
  t.timeout(180_000)
  const [host] = world.http.segments[0]?.hosts ?? []
  const name = String(host?.name)
  world.http.cloud.crashHost(name)
  const lost = world.http.cloud.instances.filter((instance) => instance.host === name)
  t.is(lost.length, 3)
  // A repetition that arrives while the first one is being stored is only dropped by JetStream, and not counted here.
  for (const [index, id] of ['one', 'one', 'other'].entries()) {
    await nova.send('notifications.error', calledFailed(name, id))
    await until('it is read', async () => (await handled()) > index, 30_000, 100)
  }
  await until(
    'its recovery has finished',
    async () => (await world.rest.notifications()).some(({ status }) => status === 'finished'),
    90_000,
    200,
  )
  t.is((await world.rest.notifications()).length, 1)
  const moved = world.http.cloud.instances.filter(({ id }) => lost.some((each) => each.id === id))
  t.true(moved.every((instance) => instance.host !== name))
})

test.serial('the counts of the bridge are shown with the actors', async (t) => {
  const [controller] = await world.supervisors()
  t.like(controller?.links, [{ name: 'compute-broker', linked: true, reason: null }])
  t.deepEqual(controller?.bridge, {
    received: 3,
    reported: 2,
    duplicates: 1,
    parked: 0,
    incomplete: 0,
    unread: 0,
  })
})

test.serial('a host that is not registered is named in the log and changes nothing', async (t) => {
  await nova.send('notifications.error', calledFailed('compute-unknown', 'unknown'))
  const read = async (): Promise<number> => (await world.supervisors())[0]?.bridge?.reported ?? 0
  await until('it was reported', async () => (await read()) === 3, 30_000, 200)
  t.is((await world.rest.notifications()).length, 1)
})
