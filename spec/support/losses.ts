/** A host of the product world that is lost, and what must have happened to its instances at the end. */
import type { ExecutionContext } from 'ava'
import type { Loss, ProductWorld } from './product-world.ts'
import { until } from './until.ts'

/** A host fails, and the first evacuation begins. */
export async function loseInTheMiddle(world: ProductWorld, host: string): Promise<Loss> {
  const loss = await world.loseHost(host)
  const isOnItsWay = async (): Promise<boolean> =>
    (await loss.evacuations()).some((count) => count > 0)
  await until('the first instance is on its way', isOnItsWay, 60_000)
  return loss
}

/** The recovery finishes, and every instance was moved exactly once. */
export async function finishesOnce(
  t: ExecutionContext,
  world: ProductWorld,
  loss: Loss,
): Promise<void> {
  await world.finished(loss)
  const counts = await loss.evacuations()
  t.true(counts.length > 1, 'there was something to move')
  t.deepEqual(
    counts,
    counts.map(() => 1),
  )
  t.deepEqual(world.http.cloud.violations, [])
}
