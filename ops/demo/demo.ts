/**
 * The demonstration: a host of a simulated cloud dies, and its instances are recovered; and a guest
 * of another host hangs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import { registerSegments } from '../simulator/register-segments.ts'
import type { EmbeddedCloud } from '../ports.ts'
import { Narrator } from './narrator.ts'

const VICTIM = 'compute-03'
/** A host of another segment. */
const GUEST_HOST = 'compute-10'
/** The guests must answer once before: a guest that never answered is never called hung. */
const HANG_AFTER_MS = 2000
/** The observers must see all hosts alive once before one of them dies. */
const KILL_AFTER_MS = 6000
/** When the recovery takes longer than this, the demonstration has failed. */
const LIMIT_MS = 58_000

export interface Demo extends AsyncDisposable {
  /** True when all instances of the dead host run again, and the guest that hung; false when they do not in time. */
  readonly recovered: Promise<boolean>
}

/** Registers the simulated hosts. Call this before the roles start. */
export async function prepareDemo(store: StorePort, { segments }: EmbeddedCloud): Promise<void> {
  await store.migrate()
  await registerSegments(store, segments)
}

/** Kills one host after a few seconds and prints what happens. */
export function startDemo(
  { cloud }: EmbeddedCloud,
  bus: BusPort,
  where: { readonly cloud: string; readonly address: string | undefined },
): Demo {
  const narrator = new Narrator(bus, where.cloud, { dies: VICTIM, hasHungGuest: GUEST_HOST })
  introduce(where.address)
  const stop = new AbortController()
  return {
    recovered: perform(cloud, narrator, stop.signal),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await narrator[Symbol.asyncDispose]()
    },
  }
}

function introduce(address: string | undefined): void {
  const url = address ?? '(no gateway)'
  process.stdout.write(`
${styleText('bold', 'instance-ha')}: all roles in this process, on a simulated cloud of 3 segments, 24 hosts, 150 instances.
In a few seconds ${styleText('bold', VICTIM)} loses its power, and a guest of ${styleText('bold', GUEST_HOST)} hangs. Watch them come back.

  REST API   ${url}/v1/segments   ${url}/v1/notifications
  health     ${url}/health/ready  ${url}/health/supervisors

`)
}

async function perform(
  cloud: EmbeddedCloud['cloud'],
  narrator: Narrator,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const timeLeft = sleep(LIMIT_MS, undefined, { signal, ref: false })
    await sleep(HANG_AFTER_MS, undefined, { signal })
    hangGuest(cloud, narrator)
    const guest = Promise.race([narrator.guestEnded, timeLeft])
    await sleep(KILL_AFTER_MS - HANG_AFTER_MS, undefined, { signal })
    const areBack = await loseHost(cloud, narrator, timeLeft)
    return (await guest)?.status === 'finished' && areBack
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}

function hangGuest(cloud: EmbeddedCloud['cloud'], narrator: Narrator): void {
  const guest = cloud.instances.find(
    ({ host, vmState, metadata }) =>
      host === GUEST_HOST && vmState === 'active' && metadata['HA_Enabled'] === 'True',
  )
  if (guest === undefined) throw new RangeError(`${GUEST_HOST} has no guest for a demonstration`)
  cloud.hangGuest(guest.id)
  narrator.say(styleText('bold', `${guest.name} on ${GUEST_HOST} hangs: it runs and does nothing`))
}

/** True when all instances of the host run again in time. */
async function loseHost(
  cloud: EmbeddedCloud['cloud'],
  narrator: Narrator,
  timeLeft: Promise<undefined>,
): Promise<boolean> {
  const lost = cloud.instances.filter(({ host }) => host === VICTIM)
  cloud.crashHost(VICTIM)
  const crashedAtMs = performance.now()
  narrator.say(styleText('bold', `${VICTIM} loses its power, ${lost.length} instances stop`))
  const end = await Promise.race([narrator.ended, timeLeft])
  const seconds = ((performance.now() - crashedAtMs) / 1000).toFixed(1)
  const back = lost.filter(
    ({ id, vmState }) => vmState !== 'active' || cloud.copiesOf(id).length === 1,
  )
  const recovered = end?.status === 'finished' && back.length === lost.length
  const told = recovered
    ? `all ${lost.length} instances are back, ${seconds} s after the power loss`
    : `only ${back.length} of ${lost.length} instances are back after ${seconds} s`
  narrator.say(styleText(recovered ? 'green' : 'red', told))
  return recovered
}
