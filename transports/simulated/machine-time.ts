/** Lets time pass for a process on a simulated machine. */
import { sleep } from '../../actors/ports/clock.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'

/** How often a call on a hung host checks whether the host runs again, ms. */
const HUNG_MS = 1000

/** Waits, and on a hung host also until it runs again. It never ends on a host that has lost its power since that boot. */
export async function passOn(
  { clock }: Site,
  machine: Machine,
  { forMs, boot }: { readonly forMs: number; readonly boot: number },
): Promise<void> {
  await sleep(clock, forMs)
  while (machine.boot === boot && machine.os === 'hung') await sleep(clock, HUNG_MS)
  if (machine.boot !== boot || machine.power === 'off') await new Promise(() => {})
}
