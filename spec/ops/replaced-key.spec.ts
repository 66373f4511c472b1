/** The key of an engine is replaced while it recovers a host: the engine goes on with the new key, without a restart. */
import test from 'ava'
import { finishesOnce, loseInTheMiddle } from '../support/losses.ts'
import { openProductWorld } from '../support/product-world.ts'
import { until } from '../support/until.ts'

test('a replaced key is taken at the next login, in the middle of a recovery', async (t) => {
  t.timeout(180_000)
  await using world = await openProductWorld()
  const engine = await world.start('engine-1', 'engine')
  await world.start('gateway-1', 'gateway')
  await world.register()
  await until('somebody leads', async () =>
    (await world.supervisors()).some(({ leading }) => leading),
  )
  world.http.cloud.setNova({ rebuildMs: [1500, 3000] })
  const loss = await loseInTheMiddle(world, 'compute-01')
  const connections = engine.output().split('connected to NATS').length
  const [before, after] = [
    await world.account('engine-1', 'engine'),
    await world.replaceKey('engine-1', 'engine'),
  ]
  t.not(before, after)
  await until(
    'it has logged in with the new key',
    () => engine.output().split('connected to NATS').length > connections,
    60_000,
  )
  await finishesOnce(t, world, loss)
  t.is(engine.exitStatus(), null, 'it was not restarted')
  for (const seed of [before, after]) t.false(engine.output().includes(seed))
})
