/** Time as a process on a simulated machine lives it. */
import { sleep } from '../../actors/ports/clock.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'

/** How often a caller on a hung host looks whether time goes on. */
const HUNG_MS = 1000

/** Lets time pass; on a host that hangs, until it goes on. On one that has lost its power since that boot it never ends. */
export async function passOn(
  { clock }: Site,
  machine: Machine,
  { forMs, boot }: { readonly forMs: number; readonly boot: number },
): Promise<void> {
  await sleep(clock, forMs)
  while (machine.boot === boot && machine.os === 'hung') await sleep(clock, HUNG_MS)
  if (machine.boot !== boot || machine.power === 'off') await new Promise(() => {})
}
