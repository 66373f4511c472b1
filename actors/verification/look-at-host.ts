/** Asks every channel of a host itself, side by side and for a short time: SSH, the BMC, its heartbeats on the bus, and the one in Nova. */
import type { BmcSettings, SshSettings } from '../../schema/control-attributes.ts'
import { describeError } from '../../schema/errors.ts'
import type { HostId, HostName } from '../../schema/ids.ts'
import type { HostBeats } from './host-beats.ts'
import type { HostObservations } from './host-observations.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import { sleep, type ClockPort } from '../ports/clock.ts'
import { isPowerTrouble, type PowerPort, type PowerState } from '../ports/power.ts'
import type { ShellPort, ShellProbe } from '../ports/shell.ts'
import type { EarlyProbes } from './early-probes.ts'
import {
  beatSign,
  CONNECT_MS,
  CONNECT_OFF_MS,
  heartbeatSign,
  judgeLook,
  LOOK_MS,
  NEXT_BEAT_MS,
  type Heartbeat,
  type Look,
  type Signs,
} from './look.ts'

export interface LookWorld {
  readonly clock: ClockPort
  readonly shell: ShellPort
  readonly power: PowerPort
  readonly compute: Pick<ComputePort, 'findService'>
  readonly observations: Pick<HostObservations, 'doubtedSince'>
  readonly earlyProbes: Pick<EarlyProbes, 'answerOf'>
  readonly hostBeats: Pick<HostBeats, 'latestAtMs'>
}

export interface LookTarget {
  readonly host: HostId
  readonly hostName: HostName
  readonly ssh: SshSettings | undefined
  /** Undefined when it has none, or when somebody else reads it at the same time. */
  readonly bmc: BmcSettings | undefined
  /** When somebody else than our observers reported it, wall ms. */
  readonly reportedAt: number | undefined
  /**
   * Whether a client of the API, who has proved who it is, says that the cluster of the host has lost it. Its word is not doubted only
   * because the next heartbeat in Nova is not due yet; what everybody may say on the bus is.
   */
  readonly isVouchedFor?: boolean
  /** What somebody else has read of its power during this look. */
  readonly powerRead?: () => PowerState | undefined
  /** Whether it was ordered to power off: its latest heartbeat may come from before. */
  readonly isOrdered: boolean
}

/** Looks once; never longer than `LOOK_MS`. */
export async function lookAtHost(
  world: LookWorld,
  target: LookTarget,
  signal: AbortSignal,
): Promise<Look> {
  let read: Signs['power']
  const isOff = (): boolean => (read?.state ?? target.powerRead?.()) === 'off'
  const [ssh, power, beats, heartbeat] = await Promise.all([
    askShell(world, target, isOff, signal),
    askPower(world, target, signal).then((answer) => (read = answer)),
    target.isOrdered ? undefined : hear(world, target, signal),
    target.isOrdered ? undefined : askNova(world, target, signal),
  ])
  return judgeLook({ ssh, power, beats, heartbeat }, world.clock.monotonicMs())
}

async function askShell(
  { clock, shell, earlyProbes }: LookWorld,
  { host, ssh, isOrdered }: LookTarget,
  isOff: () => boolean,
  signal: AbortSignal,
): Promise<ShellProbe | undefined> {
  if (ssh === undefined) return undefined
  const late: ShellProbe = { outcome: 'silent', detail: LATE }
  const early = isOrdered ? undefined : earlyProbes.answerOf(host, ssh)
  return within(clock, signal, late, async () => {
    const answer = await early
    if (answer?.outcome === 'silent') return answer
    const sinceMs = clock.monotonicMs()
    const first = await shell.probe(ssh, LOOK_MS, CONNECT_OFF_MS)
    const tookMs = clock.monotonicMs() - sinceMs
    const isUnaccepted = first.outcome === 'silent' && tookMs >= CONNECT_OFF_MS
    if (!isUnaccepted || tookMs >= CONNECT_MS || isOff()) return first
    // The next probe waits for the same connection.
    return shell.probe(ssh, LOOK_MS - tookMs, CONNECT_MS - tookMs)
  })
}

function askPower(
  { clock, power }: LookWorld,
  { bmc }: LookTarget,
  signal: AbortSignal,
): Promise<Signs['power']> {
  if (bmc === undefined) return Promise.resolve(undefined)
  return within(clock, signal, unknown(`the BMC: ${LATE}`), async (untilLate) => {
    try {
      const state = await power.read(bmc, untilLate)
      return { state, detail: `the BMC reads ${state}` }
    } catch (error) {
      if (!isPowerTrouble(error)) throw error
      return unknown(`the BMC: ${describeError(error)}`)
    }
  })
}

function askNova(world: LookWorld, target: LookTarget, signal: AbortSignal): Promise<Heartbeat> {
  const { clock, compute } = world
  return within(clock, signal, nothing(`Nova: ${LATE}`), async (untilLate) => {
    try {
      const service = await compute.findService(target.hostName, untilLate)
      const sign = heartbeatSign(service, silentForMs(world, target))
      return target.isVouchedFor === true ? { ...sign, isRecent: false } : sign
    } catch (error) {
      if (!isComputeTrouble(error)) throw error
      return nothing(`Nova: ${describeError(error)}`)
    }
  })
}

/** For how long the host has been said to be silent: by observers without a break, or by a report. */
function silentForMs({ clock, observations }: LookWorld, { host, reportedAt }: LookTarget): number {
  const nowMs = clock.monotonicMs()
  const doubtedForMs = nowMs - (observations.doubtedSince(host) ?? nowMs)
  const reportedForMs = reportedAt === undefined ? 0 : clock.wallMs() - reportedAt
  return Math.max(doubtedForMs, reportedForMs)
}

/** Waits for the next heartbeat only where one is due: a host that has missed one already is not waited for. */
async function hear(
  world: LookWorld,
  target: LookTarget,
  signal: AbortSignal,
): Promise<Heartbeat | undefined> {
  const { clock, hostBeats } = world
  const judge = (atMs: number): Heartbeat =>
    beatSign(clock.monotonicMs() - atMs, silentForMs(world, target))
  const latestAtMs = hostBeats.latestAtMs(target.hostName)
  if (latestAtMs === undefined) return undefined
  const sign = judge(latestAtMs)
  const dueMs = latestAtMs + NEXT_BEAT_MS - clock.monotonicMs()
  if (sign.isLife || dueMs <= 0) return sign
  await sleep(clock, dueMs, signal)
  return judge(hostBeats.latestAtMs(target.hostName) ?? latestAtMs)
}

const unknown = (detail: string): Signs['power'] => ({ state: 'unknown', detail })

const nothing = (detail: string): Heartbeat => ({ isLife: false, detail })

const LATE = `no answer within ${LOOK_MS} ms`

/** What is late is no answer; whoever still waits for it is told to stop. */
async function within<Answer>(
  clock: ClockPort,
  signal: AbortSignal,
  late: Answer,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const timeout = new AbortController()
  const silence = Promise.withResolvers<Answer>()
  const cancel = clock.schedule(LOOK_MS, () => {
    silence.resolve(late)
    timeout.abort()
  })
  try {
    return await Promise.race([ask(AbortSignal.any([signal, timeout.signal])), silence.promise])
  } finally {
    cancel()
  }
}
