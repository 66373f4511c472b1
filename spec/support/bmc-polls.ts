/** Polls several BMCs in turn, and measures what is left of the polls. */
import { openBmcPower } from '../../transports/bmc/power.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { startBmc } from './bmc.ts'
import { census, memoryOfChildren, type Census } from './census.ts'

export interface PollPlan {
  readonly bmcs: number
  readonly sessionsMax: number
  readonly polls: number
}

export interface PollResult {
  /** Before the port was opened, and after it was closed; the simulators run at both times. */
  readonly before: Census
  readonly after: Census
  /** Most that was open at once. */
  readonly most: Census
  readonly failed: number
  readonly tookMs: number
  /** Of one ipmitool, kB. */
  readonly memoryKb: number
}

const CENSUS_EACH = 50

/** Asks each BMC for its power, one after the other, until that many polls were made. */
export async function pollBmcs({ bmcs, sessionsMax, polls }: PollPlan): Promise<PollResult> {
  await using stack = new AsyncDisposableStack()
  const machines = await Promise.all(Array.from({ length: bmcs }, startBmc))
  for (const machine of machines) stack.use(machine)
  const clock = new SystemClock()
  await warmUp(clock, machines[0]?.settings)
  const before = await census()
  let most = before
  let failed = 0
  let memoryKb = 0
  const startedMs = clock.monotonicMs()
  {
    await using power = openBmcPower({ clock, minimumSpacingMs: 0, sessionsMax })
    for (let poll = 0; poll < polls; poll += 1) {
      const machine = machines[poll % bmcs]
      const answer =
        machine === undefined ? 'none' : await power.read(machine.settings).catch(String)
      if (answer !== 'on') failed += 1
      if (poll % CENSUS_EACH === CENSUS_EACH - 1) most = larger(most, await census())
    }
    memoryKb = Math.max(0, ...(await memoryOfChildren('ipmitool')))
  }
  return {
    before,
    after: await census(),
    most,
    failed,
    memoryKb,
    tookMs: clock.monotonicMs() - startedMs,
  }
}

/** Loads what is loaded only once. */
async function warmUp(
  clock: SystemClock,
  settings: Awaited<ReturnType<typeof startBmc>>['settings'] | undefined,
): Promise<void> {
  await using power = openBmcPower({ clock, minimumSpacingMs: 0 })
  if (settings !== undefined) await power.read(settings)
}

const larger = (one: Census, other: Census): Census => ({
  descriptors: Math.max(one.descriptors, other.descriptors),
  terminals: Math.max(one.terminals, other.terminals),
  children: Math.max(one.children, other.children),
  zombies: Math.max(one.zombies, other.zombies),
})
