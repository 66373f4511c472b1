/**
 * From options to the rules of the actors. Here is every number of those rules: what an operator chooses comes from `schema/config/`,
 * what follows from it is derived here, and the rest is a constant here. Not here are constants that no operator could choose,
 * because they follow from how Nova, a BMC, the bus or our own code works: those stay beside the code that uses them
 * (`actors/`), with a unit and a reason, which `spec/tidy.spec.ts` checks.
 */
import type { EvacuatorRules } from '../../actors/evacuator/evacuator-messages.ts'
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { FenceTiming } from '../../actors/fence/fence-messages.ts'
import type { WindowRules } from '../../actors/dedup-window/window-state.ts'
import type { HousekeepingRules } from '../../actors/housekeeper/perform-housekeeper.ts'
import type { HostWatcherRules } from '../../actors/host-watcher/host-watcher.ts'
import type { ObserverRules } from '../../actors/host-watcher/observer.ts'
import type { InstanceRecoveryRules } from '../../actors/instance-recovery/instance-recovery.ts'
import type { InstanceWatcherRules } from '../../actors/instance-watcher/instance-watcher.ts'
import type { LeaseTiming } from '../../actors/leadership/lease-holder.ts'
import type { ProcessRecoveryRules } from '../../actors/process-recovery/process-recovery.ts'
import type { ReturnRules } from '../../actors/return/return-world.ts'
import type { RecoveryRules } from '../../actors/recovery/recovery-messages.ts'
import type { Config } from '../../schema/config.ts'
import type { DomainBookWorld } from '../../actors/verification/domain-book.ts'
import { REGISTER_MS } from '../../actors/verification/registrations.ts'
import {
  FRESH_INTERVALS,
  GATHERING_INTERVALS,
  HELD_INTERVALS,
} from '../../schema/config/relations.ts'
import { retryWaitsOf } from './retry-waits.ts'

/** What every role of a process goes by. */
export interface Rules {
  readonly lease: LeaseTiming
  readonly window: WindowRules
  readonly recovery: RecoveryRules
  readonly domains: Pick<DomainBookWorld, 'metadataKeys' | 'cutRules'>
  readonly fence: FenceTiming
  readonly returner: ReturnRules
  readonly evacuator: EvacuatorRules
  readonly concurrency: Caps
  readonly instanceRecovery: InstanceRecoveryRules
  readonly processRecovery: ProcessRecoveryRules
  readonly observer: ObserverRules
  readonly watcher: HostWatcherRules
  readonly guest: InstanceWatcherRules
  readonly housekeeping: HousekeepingRules
  readonly duplicateWindowMs: number
  readonly sshTimeoutMs: number
  readonly disableReason: string
}

/** An observer says a death at its next tick. */
const TICK_MS = 1000
/** A suspect host is asked over SSH every second: three samples make a verdict within ten seconds. */
const SSH_BURST_MS = 1000
/**
 * A reading that opens a session costs 20 ms of CPU. So 1000 BMCs cost 7 % of a core, and a broken BMC
 * is still known long before its host is likely to fail.
 */
const IPMI_REST_MS = 300_000
/** nova-compute writes to Nova as often. */
const SERVICES_MS = 10_000
/** Nova calls a service down when it has not written for so long (its option `service_down_time`). */
const SERVICE_DOWN_MS = 60_000
/** An instance monitor sends a heartbeat each second. */
const HEARTBEAT_MS = 1000
/** One false suspicion in 10^8 heartbeats of a host that behaves as before; it costs a burst of probes. */
const PHI_THRESHOLD = 8
/** With the threshold, a regular host is suspected 2.3 s after its last heartbeat. */
const HEARTBEAT_DEVIATION_MS_MIN = 250
/** From such a pause nothing is learned: the host, or its monitor, was away. */
const HEARTBEAT_PAUSE_MS_MAX = 10_000
/** Recoveries are tried so often before they are given up. */
const RUNS_MAX = 3
/** Evacuate requests that one instance may cost in one run. */
const ATTEMPTS_MAX = 4
/** An unanswered evacuate request shows a record by then, or never arrived (three times the request time-out). */
const GRACE_MS = 30_000
/** Our own watchers have their verdict long before. */
const UNSURE_HOLD_MS = 600_000
/** As Masakari waits, and longer for a whole disk. */
const RESTART_LIMIT_MS = { start: 60_000, 'hard-reboot': 60_000, rebuild: 600_000 }
/** With the pause between them, six minutes of a Compute service in trouble; then comes the next attempt. */
const BLOCKS_MAX = 20
/** Most rebuilds are over by then; the target of one that is not is looked at. */
const OVERDUE_MS = 30_000
/** With three runs, half an hour: longer than a large image takes to arrive. */
const MOVE_DEADLINE_MS = 600_000

/** A guest that does not shut down is powered off by Nova after a minute. */
const RESTORE_MS = 180_000

const DAY_MS = 86_400_000

/** Verdicts about one fault differ by an interval or two, ms. */
const GATHERING_MS = 60_000
/** What somebody reports against our own observers is refused after so long, ms. */
const CONTRADICTION_MS = 60_000

/** For how long an observation counts, ms: for the leader's `HostObservations` and for those of a gateway, which are all there are. */
const freshMsOf = ({ hostMonitor }: Config): number => FRESH_INTERVALS * hostMonitor.intervalMs

/** An observer that called a living host dead has so many times the life of a word to say something else. */
const DOUBT_LIVES = 4
/** A host that was reported and is alive is looked at so often, over the same time. */
const ALIVE_LOOKS_MAX = 4

/** The rules that the options amount to. */
export function rulesOf(config: Config): Rules {
  const { hostRecovery, hostMonitor, ssh, guest, notifications } = config
  const repeatMs = hostMonitor.intervalMs
  return {
    lease: config.lease,
    window: {
      observersMin: 2,
      freshMs: freshMsOf(config),
      settleMs: 2 * repeatMs,
      lookIntervalMs: 2000,
      contradictionMs: Math.max(CONTRADICTION_MS, HELD_INTERVALS * repeatMs),
      doubtMs: DOUBT_LIVES * freshMsOf(config),
      hostLookMs: repeatMs,
      quietMs: 30_000,
      quietMsMax: 300_000,
      keptOutMs: 10_000,
    },
    recovery: recoveryRulesOf(config),
    domains: {
      metadataKeys: config.domains.metadataKeys,
      cutRules: {
        gatheringMs: gatheringMsOf(config),
        atOnceMs: freshMsOf(config),
        companionsMs: companionsMsOf(config),
        // A peace interval that is longer by its tenth, the time-out, and the observer's next tick.
        askedAgainMs: 1.1 * repeatMs + config.ssh.timeoutMs + TICK_MS,
      },
    },
    returner: returnRulesOf(config),
    fence: { retryMs: 1000, verifyMs: 1000 },
    evacuator: {
      evacuateAll: hostRecovery.evacuateAll,
      haMetadataKey: hostRecovery.haMetadataKey,
      priorityMetadataKey: hostRecovery.priorityMetadataKey,
      ignoreInstancesInError: hostRecovery.ignoreInstancesInError,
      placement: hostRecovery.placement,
      joinAggregates: hostRecovery.joinAggregates,
      ...retryWaitsOf(hostRecovery.retryIntervalMs).evacuator,
      attemptsMax: ATTEMPTS_MAX,
      graceMs: GRACE_MS,
      overdueMs: OVERDUE_MS,
      deadlineMs: MOVE_DEADLINE_MS,
      restoreMs: RESTORE_MS,
    },
    concurrency: {
      overall: hostRecovery.concurrencyMax,
      perSegment: hostRecovery.concurrencyPerSegmentMax,
      perTarget: hostRecovery.concurrencyPerTargetMax,
    },
    ...instanceAndServiceRulesOf(config),
    ...watchRulesOf(config),
    guest: {
      intervalMs: guest.heartbeatIntervalMs,
      timeoutMs: guest.heartbeatTimeoutMs,
      samples: guest.heartbeatSamples,
    },
    housekeeping: {
      retentionMs: config.housekeeping.retentionDays * DAY_MS,
      rowsMax: config.housekeeping.rowsMax,
    },
    duplicateWindowMs: notifications.duplicateWindowMs,
    sshTimeoutMs: ssh.timeoutMs,
    disableReason: hostRecovery.disableReason,
  }
}

/** Shorter than the time from the first missed answer to a death, so that a cut of our own network is known by then. */
const ANCHORS_MS = 2000

function watchRulesOf(config: Config): Pick<Rules, 'observer' | 'watcher'> {
  const { hostMonitor, ipmi, ssh } = config
  const repeatMs = hostMonitor.intervalMs
  const servicesMs = Math.max(SERVICES_MS, hostMonitor.intervalMs)
  return {
    observer: {
      tickMs: TICK_MS,
      repeatMs,
      anchorsMs: ANCHORS_MS,
      inventoryMs: REGISTER_MS,
      servicesMs,
      companionsMs: companionsMsOf(config),
      regainMs: 1.1 * repeatMs + hostMonitor.samples * SSH_BURST_MS + ssh.timeoutMs,
      observersPerHost: hostMonitor.observersPerHost,
    },
    watcher: {
      samples: hostMonitor.samples,
      // Of a channel that is asked: what two probes in a row did not renew is over.
      freshMs: {
        ssh: 3 * hostMonitor.intervalMs + ssh.timeoutMs,
        power: 3 * ipmi.intervalMs + ipmi.timeoutMs,
        heartbeat: Infinity,
        compute: servicesMs + SERVICE_DOWN_MS,
      },
      phi: {
        threshold: PHI_THRESHOLD,
        graceMs: hostMonitor.heartbeatGraceMs,
        intervalMs: HEARTBEAT_MS,
        deviationMsMin: HEARTBEAT_DEVIATION_MS_MIN,
        pauseMsMax: HEARTBEAT_PAUSE_MS_MAX,
      },
      sshTimeoutMs: ssh.timeoutMs,
      timing: {
        sshPeaceMs: hostMonitor.intervalMs,
        sshBurstMs: SSH_BURST_MS,
        powerPeaceMs: ipmi.intervalMs,
        powerRestMs: Math.max(IPMI_REST_MS, ipmi.intervalMs),
        powerBurstMs: Math.max(1000, ipmi.minimumSpacingMs),
      },
    },
  }
}

function instanceAndServiceRulesOf(
  config: Config,
): Pick<Rules, 'instanceRecovery' | 'processRecovery'> {
  const waits = retryWaitsOf(config.hostRecovery.retryIntervalMs)
  const blocksMax = BLOCKS_MAX
  return {
    processRecovery: { ...config.processRecovery, ...waits.processRecovery, blocksMax },
    instanceRecovery: {
      ...config.instanceRecovery,
      ...waits.instanceRecovery,
      blocksMax,
      pollMs: 1000,
      limitMs: RESTART_LIMIT_MS,
    },
  }
}

/** A neighbour that is asked at once has answered by then, or its probe has timed out and its power was read. */
const companionsMsOf = ({ ssh }: Config): number => ssh.timeoutMs + 2 * SSH_BURST_MS

const gatheringMsOf = ({ hostMonitor }: Config): number =>
  Math.max(GATHERING_MS, GATHERING_INTERVALS * hostMonitor.intervalMs)

function recoveryRulesOf(config: Config): RecoveryRules {
  const { hostRecovery, instanceRecovery, stormGuard, notifications, fence } = config
  return {
    storm: stormGuard,
    overall: {
      hostsMax: stormGuard.overallHostsMax,
      shareMax: stormGuard.overallShareMax,
      windowMs: stormGuard.windowMs,
    },
    holdDownMs: stormGuard.holdDownMs,
    partitionHoldDownMs: stormGuard.partitionHoldDownMs,
    crashLoop: {
      failuresMin: instanceRecovery.restartsMin,
      windowMs: instanceRecovery.restartsWindowMs,
      firstMs: instanceRecovery.coolDownMs,
      longestMs: DAY_MS,
    },
    gatheringMs: gatheringMsOf(config),
    expiryMs: notifications.expiryMs,
    rungs: [{ kind: 'bmc', limitMs: fence.deadlineMs }],
    consentSegments: fence.consentSegments,
    returnToService: config.return.toService,
    deadDomain: config.domains.deadDomain,
    unsureHoldMs: UNSURE_HOLD_MS,
    runsMax: RUNS_MAX,
    aliveLooksMax: ALIVE_LOOKS_MAX,
    aliveLookMs: CONTRADICTION_MS / ALIVE_LOOKS_MAX,
    ...retryWaitsOf(hostRecovery.retryIntervalMs).recovery,
  }
}

/** A host takes minutes to boot; nobody needs to know sooner. */
const RETURN_LOOK_MS = 15_000

const returnRulesOf = (config: Config): ReturnRules => ({
  lookIntervalMs: RETURN_LOOK_MS,
  failuresMin: config.return.deathsMin,
  windowMs: DAY_MS,
  firstMs: config.return.quarantineMs,
  longestMs: DAY_MS,
})
