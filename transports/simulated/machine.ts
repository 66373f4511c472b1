/**
 * One simulated compute host: its power, operating system, nova-compute, BMC and wires, and its
 * instances.
 */
import type { RandomPort } from '../../actors/ports/clock.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import { minus, NOTHING, plus, type Resources } from '../../schema/resources.ts'
import { GuestFeed } from './guest-feed.ts'

/**
 * silent: never answers; refuses: fails the power-off; ignores: accepts it and does nothing; lies:
 * does nothing and then reads off; stuck-off: always reads off; slow: answers late or too late;
 * loses-order: answers until a power-off is sent to it, which is lost, and is silent from then on;
 * loses-answer: the same, but the power-off is carried out.
 */
export const BMC_MOODS = [
  'well',
  'silent',
  'refuses',
  'ignores',
  'lies',
  'stuck-off',
  'slow',
  'loses-order',
  'loses-answer',
] as const
export type BmcMood = (typeof BMC_MOODS)[number]

/**
 * The state of a program in a fence plan. broken: neither reads nor orders, for example because of
 * a syntax error; stuck: always reads off, and fails every order.
 */
export type ProgramMood = 'well' | 'silent' | 'broken' | 'stuck'

/**
 * up; down: connections are refused; rejects: our key is not accepted; slow: logs in late or too
 * late.
 */
export const SSHD_MOODS = ['up', 'down', 'rejects', 'slow'] as const
export type SshdMood = (typeof SSHD_MOODS)[number]

/** The one account of every BMC. */
export const BMC_USERNAME = 'fence'

/** The interval of a nova-compute's heartbeats, ms. */
const HEARTBEAT_INTERVAL_MS = 10_000
/** A nova-compute counts as down when its last heartbeat is older than this, ms. */
const SERVICE_DOWN_MS = 60_000

/** A host key's fingerprint, as `ssh-keygen -lf` prints it. */
export const drawHostKey = (random: RandomPort): string =>
  `SHA256:${(random.uuid() + random.uuid()).replaceAll('-', '').slice(0, 43)}`

/** A machine. Only the site and the cloud's switches change its fields. */
export class Machine {
  readonly name: HostName
  readonly segment: string
  /** The number of its rack; null without one. */
  readonly rack: string | null
  readonly capacity: Resources
  /** Reserved for a failover: it has no instances, and its service is disabled. */
  readonly isSpare: boolean
  readonly serviceId: string
  power: PowerState = 'on'
  os: 'up' | 'hung' | 'booting' = 'up'
  novaCompute: 'up' | 'down' = 'up'
  network: 'up' | 'cut' = 'up'
  sshd: SshdMood = 'up'
  hostKey: string
  bmc: BmcMood = 'well'
  bmcPassword = 'secret'
  /** The state of the fence agent that switches its power outlet. */
  outlet: ProgramMood = 'well'
  /** The state of the command that cuts it off from its storage. */
  blocklist: ProgramMood = 'well'
  storage: 'attached' | 'cut-off' = 'attached'
  /** What a lying BMC reads. */
  bmcClaims: PowerState = 'on'
  disabled = false
  isKnownToPlacement = true
  disabledReason: string | null = null
  forcedDown = false
  /** dead-once: it lost its power and has not returned to service since then. */
  trust: 'in-service' | 'dead-once' = 'in-service'
  /** Grows with each loss of power, so that work which was under way then knows that it is over. */
  boot = 1
  /** By instances placed here, evacuations on their way in included. */
  /** Its availability zone. */
  zone = 'nova'
  taken: Resources = NOTHING
  /** Emulators on this machine. They stand still while the operating system hangs. */
  readonly copies = new Set<InstanceId>()
  /** Of these, the guests that have not booted yet. */
  readonly booting = new Set<InstanceId>()
  /** Guests whose emulators died here and were not started again. */
  readonly failedGuests = new Set<InstanceId>()
  readonly guestFeed = new GuestFeed()
  #beatingSinceMs: number | undefined
  #lastBeatMs = 0
  #changedAtMs = 0

  constructor(options: {
    readonly name: HostName
    readonly segment: string
    readonly rack: string | null
    readonly capacity: Resources
    readonly isSpare: boolean
    readonly serviceId: string
    readonly hostKey: string
    readonly beatingSinceMs: number
  }) {
    this.name = options.name
    this.segment = options.segment
    this.rack = options.rack
    this.capacity = options.capacity
    this.isSpare = options.isSpare
    this.disabled = options.isSpare
    this.serviceId = options.serviceId
    this.hostKey = options.hostKey
    this.#beatingSinceMs = options.beatingSinceMs
  }

  take(needs: Resources): void {
    this.taken = plus(this.taken, needs)
  }

  release(needs: Resources): void {
    this.taken = minus(this.taken, needs)
  }

  /** True while processes run. */
  get isRunning(): boolean {
    return this.power === 'on' && this.os === 'up'
  }

  /** True when nova-compute runs and reaches the cloud. */
  get serves(): boolean {
    return this.isRunning && this.novaCompute === 'up' && this.network === 'up'
  }

  /** Must be called after each change that may start or stop the heartbeat. */
  noteHeartbeat(nowMs: number): void {
    if (this.serves) {
      this.#beatingSinceMs ??= nowMs
      return
    }
    this.#lastBeatMs = this.#lastHeartbeatMs(nowMs)
    this.#beatingSinceMs = undefined
  }

  /** Disables or enables the service, perhaps with a reason. */
  setDisabled(disabled: boolean, reason: string | null, nowMs: number): void {
    this.disabled = disabled
    this.disabledReason = reason
    this.#changedAtMs = nowMs
  }

  /** When Nova last wrote the service's row. */
  writtenAtMs(nowMs: number): number {
    return Math.max(this.#changedAtMs, this.#lastHeartbeatMs(nowMs))
  }

  /** Whether Nova shows the service as up. */
  isUpForNova(nowMs: number): boolean {
    return !this.forcedDown && nowMs - this.#lastHeartbeatMs(nowMs) < SERVICE_DOWN_MS
  }

  #lastHeartbeatMs(nowMs: number): number {
    if (this.#beatingSinceMs === undefined) return this.#lastBeatMs
    return nowMs - ((nowMs - this.#beatingSinceMs) % HEARTBEAT_INTERVAL_MS)
  }
}
