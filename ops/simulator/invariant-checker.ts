/**
 * Checks the promises (`ops/docs/promises.md`) at every irreversible act. It knows the true state
 * of the world, which no actor knows.
 */
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { bmcAddress, bmcsOf, parseControlAttributes } from '../../schema/control-attributes.ts'
import type { QuarantineRules } from '../../actors/policy/quarantine.ts'
import type { StormLimits } from '../../actors/policy/segment-policy.ts'
import { stormCap } from '../../actors/recovery/storm-guard.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'
import type { SegmentSeed } from '../../transports/simulated/build-cloud.ts'
import { GuestWatch } from './guest-watch.ts'
import { RackWatch } from './rack-watch.ts'
import { ConcurrencyWatch } from './concurrency-watch.ts'
import { SightWatch } from './sight-watch.ts'

/**
 * After an operator's command, requests that are already on their way may still arrive within this
 * time.
 */
const OPERATOR_SLACK_MS = 10_000
/**
 * After a host is back, a fence that was decided on fresh evidence of its death may still follow
 * within this time.
 */
const RETURN_SLACK_MS = 60_000

/**
 * The window is counted from records, which have whole seconds of a wall clock that is sometimes
 * corrected.
 */
const CLOCK_SLACK_MS = 61_000

/** An answer of Nova may be this old when the engine acts on it. */
const USER_SLACK_MS = 60_000
/** The time from the decision to the intent, while the store is not always available. */
const CRASH_SLACK_MS = 30_000

/** The subject of an operator's command that stops or releases all recoveries. */
export const EVERYTHING = 'everything'

/** The subject of an operator's command that pauses the recovery of a host. */
export const pausedRecoveryOf = (host: string): string => `the paused recovery of ${host}`

/** The subject of an operator's command that cancels the recovery of a host. */
export const cancelledRecoveryOf = (host: string): string => `the cancelled recovery of ${host}`

export class InvariantChecker {
  readonly violations: string[] = []
  readonly concurrency: ConcurrencyWatch
  readonly guests: GuestWatch
  readonly #sight: SightWatch
  readonly #racks: RackWatch
  /** Hosts that the plan broke in a way that looks like death to every observer. */
  readonly #unwellAtMs = new Map<string, number>()
  /** Hosts whose compute service an operator has disabled. */
  readonly #switchedOffAtMs = new Map<string, number>()
  readonly #forbiddenAtMs = new Map<string, number>()
  readonly #epochs = new Map<string, number>()
  /** When each host was last powered off or certified dead. */
  readonly #actedOnAtMs = new Map<string, number>()
  readonly #certified = new Set<string>()
  readonly #segmentOf = new Map<string, SegmentSeed>()
  readonly #hostByBmc = new Map<string, string>()
  readonly #clock: ClockPort
  readonly #cloud: SimulatedCloud
  readonly #storm: StormLimits
  readonly #overall: StormLimits
  readonly #crashLoop: QuarantineRules
  readonly #deadDomain: 'hosts' | 'one'
  /** Segments with their own limit. */
  readonly #stormOf = new Map<string, Partial<StormLimits>>()
  /**
   * When each recovery restarted an instance, wall-clock ms, because the limit is counted from
   * records.
   */
  readonly #restarts = new Map<string, Map<string, number>>()
  /** Hosts that an operator has approved although the storm guard held them. */
  readonly #approved = new Set<string>()
  /** Who chooses target hosts. */
  readonly #placement: 'segment' | 'scheduler'
  /** Segments whose instances must not lose data on a local disk of the dead host. */
  readonly #localDisks = new Set<string>()
  #latestEpoch = 0
  /** The nodes that led at the latest look. */
  #together = ''

  constructor(world: {
    readonly clock: ClockPort
    readonly cloud: SimulatedCloud
    readonly segments: readonly SegmentSeed[]
    readonly storm: StormLimits
    readonly overall: StormLimits
    readonly crashLoop: QuarantineRules
    readonly deadDomain: 'hosts' | 'one'
    readonly placement: 'segment' | 'scheduler'
    readonly caps: Caps
  }) {
    const report = (promise: string, text: string): void => this.#report(promise, text)
    this.concurrency = new ConcurrencyWatch({ ...world, report })
    const wasBroken = (host: string): boolean => this.#unwellAtMs.has(host)
    this.guests = new GuestWatch({ ...world, wasBroken, report })
    this.#sight = new SightWatch({ ...world, report })
    this.#racks = new RackWatch({ ...world, report })
    this.#placement = world.placement
    this.#clock = world.clock
    this.#cloud = world.cloud
    this.#storm = world.storm
    this.#overall = world.overall
    this.#crashLoop = world.crashLoop
    this.#deadDomain = world.deadDomain
    for (const segment of world.segments) {
      for (const host of segment.hosts) {
        this.#segmentOf.set(host.name, segment)
        for (const bmc of bmcsOf(parseControlAttributes(host.controlAttributes))) {
          this.#hostByBmc.set(bmcAddress(bmc), host.name)
        }
      }
    }
  }

  /** A node has claimed this epoch. */
  claimed(node: string, epoch: number): void {
    this.#epochs.set(node, epoch)
    this.concurrency.claimed(node)
    this.#latestEpoch = Math.max(this.#latestEpoch, epoch)
  }

  /** The store has accepted a write of a recovery from this node. */
  wrote(node: string, method: string): void {
    this.#mustLead(node, `writes with ${method}`)
  }

  /** These nodes may act now, by their own terms. */
  leading(nodes: readonly string[]): void {
    const together = nodes.join(' and ')
    if (nodes.length > 1 && together !== this.#together)
      this.#report('I4', `${together} lead together`)
    this.#together = together
  }

  /**
   * An operator forbade or allowed acting on a host or a segment (by name), on a recovery, or on
   * everything.
   */
  operatorSays(subject: string, allowed: boolean): void {
    if (allowed) this.#forbiddenAtMs.delete(subject)
    else if (!this.#forbiddenAtMs.has(subject)) {
      this.#forbiddenAtMs.set(subject, this.#clock.monotonicMs())
    }
  }

  /** An operator chose another limit for a segment, or said where its disks are. */
  caps(segment: string, { hostsMax, shareMax, instanceDisks, rebuildLocal }: PolicyChoices): void {
    if (instanceDisks === 'local' && rebuildLocal !== 'allow') this.#localDisks.add(segment)
    else this.#localDisks.delete(segment)
    this.#stormOf.set(segment, {
      ...(hostsMax === undefined ? {} : { hostsMax }),
      ...(shareMax === undefined ? {} : { shareMax }),
    })
  }

  /** The recovery of a host has ended: commands for it do not count for the next recovery. */
  recoveryEnds(host: string): void {
    this.operatorSays(pausedRecoveryOf(host), true)
  }

  /** A host returns to service: the cancellation of its recovery does not count any more. */
  hostReturns(host: string): void {
    this.operatorSays(cancelledRecoveryOf(host), true)
  }

  /** The link to these hosts, which are a rack, is about to be cut. */
  linkIsCut(hosts: readonly string[]): void {
    this.#racks.linkIsCut(hosts)
  }

  approves(host: string): void {
    this.#approved.add(host)
  }

  /** Call this often: it remembers when each host was last seen broken. */
  lookAround(): void {
    for (const host of this.#segmentOf.keys()) {
      const machine = this.#cloud.machine(host)
      const well = machine.isRunning && machine.network === 'up' && machine.sshd === 'up'
      if (!well) this.#unwellAtMs.set(host, this.#clock.monotonicMs())
      this.#sight.lookAround(host, well ? 'well' : 'broken')
      this.#racks.lookAround(host, well ? 'well' : 'broken')
    }
  }

  powerOff(node: string, bmcAddress: string): void {
    this.cutOff(node, this.#hostByBmc.get(bmcAddress) ?? bmcAddress)
  }

  /** Anything that cuts a host off from its power or from its storage. */
  cutOff(node: string, host: string): void {
    this.lookAround()
    const brokenAgoMs = this.#clock.monotonicMs() - (this.#unwellAtMs.get(host) ?? -Infinity)
    if (brokenAgoMs > RETURN_SLACK_MS)
      this.#report('I7', `${node} powers off ${host}, which is well`)
    this.#sight.acts(node, 'powers off', host)
    if (!this.#approved.has(host)) this.#racks.cutOff(node, host)
    this.#actsOn(node, host, 'powers off')
    this.#countActedOn(host)
  }

  /**
   * A recovery has certified that a host is dead. A certificate in a later run of the same recovery
   * is not counted again.
   */
  certified(node: string, host: string, recovery: string): void {
    this.lookAround()
    this.#sight.acts(node, 'calls dead', host)
    if (this.#certified.has(recovery)) return
    this.#certified.add(recovery)
    this.#countActedOn(host)
  }

  #countActedOn(host: string): void {
    this.#actedOnAtMs.set(host, this.#clock.monotonicMs())
    this.#mustBeBounded(host)
  }

  evacuate(node: string, instance: string, target: string | undefined): void {
    const row = this.#cloud.instances.find(({ id }) => id === instance)
    const host = row?.host
    if (host === null || host === undefined) return
    this.#actsOn(node, host, 'evacuates')
    const segment = this.#segmentOf.get(host)?.name ?? ''
    this.concurrency.asks({ node, instance, segment, target })
    if (this.#localDisks.has(segment) && row?.volumeBacked === false) {
      this.#report('I9', `${node} evacuates ${row.name}, whose local disk is lost by it`)
    }
    if (this.#placement === 'segment') this.#mustStay(host, target, `${node} sends ${instance}`)
  }

  #mustStay(host: string, target: string | undefined, what: string): void {
    const segment = this.#segmentOf.get(host)
    if (target !== undefined && this.#segmentOf.get(target) === segment) return
    this.#report('B5', `${what} out of its segment, from ${host} to ${target}`)
  }

  /** The intent to restart an instance is stored. Only the first one of a recovery counts. */
  restarts(instance: string, recovery: string): void {
    const nowMs = this.#clock.wallMs()
    const known = this.#restarts.get(instance) ?? new Map<string, number>()
    this.#restarts.set(instance, known)
    if (known.has(recovery)) return
    const { failuresMin, windowMs, firstMs, longestMs } = this.#crashLoop
    const lately = [...known.values()].filter((atMs) => atMs > nowMs - windowMs)
    const excess = lately.length - failuresMin
    const pauseMs = excess < 0 ? 0 : Math.min(longestMs, firstMs * 2 ** excess)
    if (lately.some((atMs) => Math.abs(nowMs - atMs) < pauseMs - CRASH_SLACK_MS)) {
      this.#report('I6', `${instance} is restarted after ${lately.length} restarts lately`)
    }
    known.set(recovery, nowMs)
  }

  /** A node sends a request to Nova that starts a guest. */
  startGuest(node: string, instance: string): void {
    this.#mustLead(node, 'starts a guest')
    const stoppedAt = this.#cloud.stoppedByUserAt(instance)
    if (stoppedAt !== undefined && this.#clock.wallMs() - stoppedAt > USER_SLACK_MS) {
      this.#report('I8', `${node} starts ${instance}, which its user has stopped`)
    }
  }

  /** An operator keeps the scheduler away from a host, or allows the host again. */
  operatorSwitches(host: string, service: 'off' | 'on'): void {
    if (service === 'on') this.#switchedOffAtMs.delete(host)
    else this.#switchedOffAtMs.set(host, this.#clock.monotonicMs())
  }

  /**
   * A node enables a compute service. It must not do so when an operator has disabled the service.
   */
  enable(node: string, serviceId: string): void {
    this.#mustLead(node, 'enables a compute service')
    for (const [host, sinceMs] of this.#switchedOffAtMs) {
      if (this.#cloud.machine(host).serviceId !== serviceId) continue
      if (this.#clock.monotonicMs() - sinceMs <= OPERATOR_SLACK_MS) continue
      this.#report('I8', `${node} enables ${host}, which an operator has disabled`)
    }
  }

  isolate(node: string): void {
    this.#mustLead(node, 'isolates a host')
  }

  #actsOn(node: string, host: string, what: string): void {
    this.#mustLead(node, `${what} ${host}`)
    this.#mustBeAllowed(node, host, what)
  }

  #mustLead(node: string, what: string): void {
    const epoch = this.#epochs.get(node)
    if (epoch !== this.#latestEpoch) {
      this.#report(
        'I4',
        `${node} ${what} with epoch ${epoch}, the current one is ${this.#latestEpoch}`,
      )
    }
  }

  #mustBeAllowed(node: string, host: string, what: string): void {
    const segment = this.#segmentOf.get(host)?.name ?? ''
    const words = [pausedRecoveryOf(host), cancelledRecoveryOf(host)]
    for (const subject of [host, ...words, segment, EVERYTHING]) {
      const since = this.#forbiddenAtMs.get(subject)
      if (since !== undefined && this.#clock.monotonicMs() - since > OPERATOR_SLACK_MS) {
        this.#report('I8', `${node} ${what} ${host} although ${subject} is out of bounds`)
      }
    }
  }

  #mustBeBounded(host: string): void {
    const now = this.#clock.monotonicMs()
    const segment = this.#segmentOf.get(host)
    const everywhere = [...this.#actedOnAtMs]
      .filter(([, atMs]) => now - atMs < this.#storm.windowMs - CLOCK_SLACK_MS)
      .map(([other]) => other)
      .filter((other) => !this.#approved.has(other))
    const here = everywhere.filter((other) => this.#segmentOf.get(other) === segment)
    const limits = { ...this.#storm, ...this.#stormOf.get(segment?.name ?? '') }
    const isOne = this.#deadDomain === 'one'
    const places = (hosts: readonly string[]) => (isOne ? this.#racks.placesOf(hosts) : hosts)
    this.#mustFit(places(here), stormCap(limits, segment?.hosts.length ?? 0))
    this.#mustFit(places(everywhere), stormCap(this.#overall, this.#segmentOf.size))
  }

  #mustFit(hosts: readonly string[], cap: number): void {
    if (hosts.length <= cap) return
    this.#report('I6', `${hosts.length} hosts acted on, the cap is ${cap}: ${hosts.join(', ')}`)
  }

  #report(promise: string, text: string): void {
    this.violations.push(`${promise} ${text} at ${Math.round(this.#clock.monotonicMs())} ms`)
  }
}
