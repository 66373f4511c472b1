/** Carries out the effects of an instance-watcher. */
import type { HostName, InstanceId, NodeName } from '../../schema/ids.ts'
import { isCoded } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort, RandomPort } from '../ports/clock.ts'
import type { FaultSpool, SpooledFault } from '../ports/fault-spool.ts'
import type { GuestPort } from '../ports/guest.ts'
import type { RunRecord } from '../ports/run-record.ts'
import type { LogPort } from '../ports/log.ts'
import {
  NO_GUESTS,
  instanceWatcher,
  type InstanceWatcherEffect,
  type InstanceWatcherMessage,
  type InstanceWatcherRules,
  type InstanceWatcherState,
  type Moment,
} from './instance-watcher.ts'

export interface ListeningWorld {
  readonly node: NodeName
  /** The compute hosts that this process listens on: its own one, or all of a simulated cloud. */
  readonly guests: ReadonlyMap<HostName, GuestPort>
  readonly spool: FaultSpool
  /** Of the guests that run on each of these hosts. */
  readonly runRecords: ReadonlyMap<HostName, RunRecord>
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: LogPort
  readonly announcer: Announcer
  readonly rules: InstanceWatcherRules
}

/** The actor that watches the guests of one host. */
export function defineInstanceWatcher(
  world: ListeningWorld,
  host: HostName,
): Definition<InstanceWatcherMessage> {
  return define<InstanceWatcherState, InstanceWatcherMessage, InstanceWatcherEffect>({
    initial: NO_GUESTS,
    behaviour: instanceWatcher(world.rules),
    first: { type: 'guests.begin' },
    policy: SUPERVISION['instance-watcher'],
    perform: (effect, signal) => performListening(world, host, effect, signal),
  })
}

async function performListening(
  world: ListeningWorld,
  host: HostName,
  effect: InstanceWatcherEffect,
  signal: AbortSignal,
): Promise<InstanceWatcherMessage | undefined> {
  const { spool, log, clock } = world
  switch (effect.type) {
    case 'guests.listen': {
      const news = await guestPort(world, host).news(effect.from, signal)
      return signal.aborted ? undefined : { type: 'guests.told', news, moment: momentOf(world) }
    }
    case 'runs.find': {
      const record = recordOf(world, host)
      const [kept, boot] = [await record.read(), await record.boot()]
      return { type: 'runs.found', kept, boot, moment: momentOf(world) }
    }
    case 'runs.keep':
      await keepRuns(recordOf(world, host), effect)
      return undefined
    case 'guests.ask':
      return await ask(world, host, effect.instances)
    case 'reports.find':
      return { type: 'reports.found', faults: await spool.read(), wallMs: clock.wallMs() }
    case 'report.submit':
      return await submit(world, host, effect.fault)
    case 'report.forget':
      await spool.forget(effect.id)
      return undefined
    case 'guests.list':
      world.announcer.announce('guests.running', { hostName: host, guests: [...effect.guests] })
      return undefined
    case 'remark':
      log.warn({ host, instance: effect.instance }, effect.text)
      return undefined
    default:
      return assertNever(effect)
  }
}

const momentOf = ({ clock, random }: ListeningWorld): Moment => ({
  atMs: clock.monotonicMs(),
  wallMs: clock.wallMs(),
  id: random.uuid(),
})

function guestPort(world: ListeningWorld, host: HostName): GuestPort {
  const port = world.guests.get(host)
  if (port === undefined) throw new RangeError(`this process does not run on ${host}`)
  return port
}

function recordOf(world: ListeningWorld, host: HostName): RunRecord {
  const record = world.runRecords.get(host)
  if (record === undefined) throw new RangeError(`this process keeps nothing of ${host}`)
  return record
}

/** Without a boot, nobody could tell later whether the host was restarted meanwhile. */
async function keepRuns(
  record: RunRecord,
  { runs, keptAt }: InstanceWatcherEffect & { readonly type: 'runs.keep' },
): Promise<void> {
  const boot = await record.boot()
  if (boot !== undefined) await record.keep({ boot, keptAt, runs })
}

async function ask(
  world: ListeningWorld,
  host: HostName,
  instances: readonly InstanceId[],
): Promise<InstanceWatcherMessage> {
  const askedAtMs = world.clock.monotonicMs()
  const signs = await guestPort(world, host).heartbeats(instances, world.rules.timeoutMs)
  return { type: 'guests.heard', signs, askedAtMs, moment: momentOf(world) }
}

/** A report that the bus does not accept is on disk before it is sent. */
async function submit(
  { announcer, spool, clock }: ListeningWorld,
  hostName: HostName,
  fault: SpooledFault,
): Promise<InstanceWatcherMessage> {
  const { id, instance, event, domainEvent, evidence } = fault
  await spool.keep(fault)
  try {
    const body = { instance, hostName, event, domainEvent, evidence: [...evidence] }
    await announcer.submit('guest.failed', body, id)
    return { type: 'report.taken', id }
  } catch (error) {
    if (!isCoded(error, 'BUS_UNAVAILABLE')) throw error
    return { type: 'report.refused', id, wallMs: clock.wallMs() }
  }
}
