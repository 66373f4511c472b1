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
/** When the guests are not back after this, the demonstration has failed. */
const LIMIT_MS = 90_000

export interface Demo extends AsyncDisposable {
  /** True when all guests of the dead host are back, and the guest that hung; false when they are not in time. */
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

  console    ${url}/console/
  REST API   ${url}/v1/segments   ${url}/v1/notifications
  health     ${url}/health/ready  ${url}/health/supervisors
  command    OS_AUTH_TYPE=none OS_ENDPOINT=${url} npx instance-ha host list

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

/** True when all guests of the host are back in time. */
async function loseHost(
  cloud: EmbeddedCloud['cloud'],
  narrator: Narrator,
  timeLeft: Promise<undefined>,
): Promise<boolean> {
  const lost = cloud.instances.filter(({ host }) => host === VICTIM)
  cloud.crashHost(VICTIM)
  narrator.hostDies()
  narrator.say(styleText('bold', `${VICTIM} loses its power, ${lost.length} instances stop`))
  const end = await Promise.race([narrator.ended, timeLeft])
  const moved = lost.filter(
    ({ id, vmState }) => vmState !== 'active' || cloud.copiesOf(id).length === 1,
  )
  const areMoved = end?.status === 'finished' && moved.length === lost.length
  narrator.say(
    areMoved
      ? `all ${lost.length} instances are moved, ${narrator.sinceDeath()} s after the power loss; their guests boot`
      : `only ${moved.length} of ${lost.length} instances are moved after ${narrator.sinceDeath()} s`,
  )
  const expected = lost.filter(({ vmState }) => vmState === 'active').length
  const back = await Promise.race([narrator.guestsFollowed, timeLeft])
  const areBack = areMoved && back === expected
  const told = areBack
    ? `all ${expected} guests are back, the last one ${narrator.sinceDeath()} s after the power loss`
    : `only ${back ?? 'some'} of ${expected} guests are back after ${narrator.sinceDeath()} s`
  narrator.say(styleText(areBack ? 'green' : 'red', told))
  return areBack
}
