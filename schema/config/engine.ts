/**
 * Options of the engine: which faults are acted on, how much may be done at once, and how a host is
 * made certainly dead.
 */
import type { OptionGroup } from './option.ts'

export const NOTIFICATIONS = {
  drivers: {
    names: ['DEFAULT.notification_drivers'],
    kind: 'choices',
    of: ['nova_notification', 'webhook'],
    default: 'nova_notification',
    meaning:
      'Sources of faults in addition to our own monitors. nova_notification: the events compute.host.error and ' +
      "compute.instance.error on the Compute service's bus, which the role bridge reads and reports. " +
      'POST /v1/notifications (webhook) is always on.',
  },
  duplicateWindowMs: {
    names: ['DEFAULT.duplicate_notification_detection_interval'],
    kind: 'seconds',
    min: 0,
    max: 86_400,
    default: '180',
    meaning:
      'A POST that equals a notification of the last seconds given here is refused as a duplicate (409).',
    low: 'several monitors that report one fault make several notifications',
    high: 'a fault that comes back is refused during this time',
  },
  expiryMs: {
    names: ['DEFAULT.notifications_expired_interval'],
    kind: 'seconds',
    min: 60,
    max: 2_592_000,
    default: '86400',
    meaning:
      'A notification whose recovery could not begin for this time is given up. The time is measured by our own clock.',
    low: 'a fault accepted during a long outage of the engines is lost',
    high: 'an old fault may move instances after operators have already repaired the host',
  },
} as const satisfies OptionGroup

/** The same text for instances on a dead host and for a guest that failed alone. */
export const HA_KEY_MEANING =
  'Metadata key that marks an instance as HA-enabled when its value is true.'

export const HOST_RECOVERY = {
  evacuateAll: {
    names: ['host_failure.evacuate_all_instances'],
    kind: 'switch',
    default: 'true',
    meaning:
      'Whether all instances of a dead host are moved (HA-enabled ones first), or only the HA-enabled ones.',
  },
  haMetadataKey: {
    names: ['host_failure.ha_enabled_instance_metadata_key'],
    kind: 'text',
    default: 'HA_Enabled',
    meaning: HA_KEY_MEANING,
  },
  priorityMetadataKey: {
    names: ['host_failure.priority_metadata_key'],
    kind: 'text',
    default: 'HA_Priority',
    meaning:
      'Metadata key with the priority of an instance: a whole number from 0 to 1000. Instances with a higher number are moved first; ' +
      'an instance without a number counts as 500.',
  },
  ignoreInstancesInError: {
    names: ['host_failure.ignore_instances_in_error_state'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether instances that were in ERROR before the failure are left alone.',
  },
  placement: {
    names: ['host_failure.placement'],
    kind: 'choice',
    of: ['segment', 'scheduler'],
    default: 'segment',
    meaning:
      'Who chooses the target host of an instance. segment: the engine chooses among the hosts of its segment that are in service and ' +
      "have room, and Nova's scheduler checks each choice. scheduler: Nova's scheduler chooses; it does not know segments.",
  },
  joinAggregates: {
    names: ['host_failure.add_reserved_host_to_aggregate'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether a reserved host that is taken into service joins the aggregates of the dead host, until the dead host ' +
      'is back.',
  },
  disableReason: {
    names: ['host_failure.service_disable_reason'],
    kind: 'text',
    default: 'Masakari detected host failed.',
    meaning: 'Reason shown at the disabled compute service of a failed host.',
  },
  retryIntervalMs: {
    names: ['host_failure.host_failure_recovery_interval'],
    kind: 'seconds',
    min: 1,
    max: 3600,
    default: '17',
    meaning:
      'Pause before a recovery or a move is tried again after it failed or while it waits for capacity. After each further failed try ' +
      "of a recovery, and after each answer of Nova's scheduler that it has no host, the pause is doubled, up to 5 minutes.",
    low: 'more load on a Compute service that already has problems',
    high: 'a recovery goes on later after the problem is solved',
  },
  concurrencyMax: {
    names: ['DEFAULT.host_failure_recovery_threads'],
    kind: 'whole',
    min: 1,
    max: 1000,
    default: '64',
    meaning:
      'Largest number of evacuations in flight at once, of all recoveries together. Below it, the number depends on how fast Compute ' +
      'answers: it begins with 8, grows with each quick answer, and is halved when Compute is slow, fails, or asks us to ' +
      'wait (429 or 503; Retry-After is obeyed, up to 5 minutes).',
    low: 'a full host takes many rounds to empty',
    high: 'the Compute service may be overloaded before it answers slowly',
  },
  concurrencyPerSegmentMax: {
    names: ['host_failure.max_evacuations_per_segment'],
    kind: 'whole',
    min: 1,
    max: 1000,
    default: '64',
    meaning: 'Largest number of evacuations in flight at once from the hosts of one segment.',
    low: 'as above, for a host that fails alone',
    high: 'the network and storage of one segment may be overloaded',
  },
  concurrencyPerTargetMax: {
    names: ['host_failure.max_evacuations_per_target'],
    kind: 'whole',
    min: 1,
    max: 1000,
    default: '32',
    meaning: 'Largest number of evacuations in flight at once to one target host.',
    low: 'a segment of few hosts takes many rounds to fill them',
    high: 'a target host starts so many instances at once that all are slow',
  },
} as const satisfies OptionGroup

export const FENCE = {
  deadlineMs: {
    names: ['fence.deadline'],
    kind: 'seconds',
    min: 5,
    max: 600,
    default: '20',
    meaning: 'Longest time on one rung of the fence plan before the next one is tried.',
    low: 'a slow BMC cannot confirm in time, and an operator is asked without need',
    high: 'a dead BMC delays the recovery by this time',
  },
  agentsDirectory: {
    names: ['fence.agents_directory'],
    kind: 'directory',
    default: '/usr/sbin',
    meaning: 'Directory of the ClusterLabs fence agents that a fence plan may name.',
  },
  commandsDirectory: {
    names: ['fence.commands_directory'],
    kind: 'directory',
    default: '/etc/instance-ha/fence.d',
    meaning:
      'Directory of the commands that a fence plan may name, for example to put a host on the blocklist of its ' +
      'storage. A command reads lines of key=value (action, nodename). For the action status it prints the line ' +
      '`status: on` and ends with 0 while the host reaches its storage, and prints `status: off` and ends with 2 ' +
      'when it is certainly cut off; any other result proves nothing. For the action off it ends with 0 when that ' +
      'was done. ops/docs/segment-policy.md says more.',
  },
  consentSegments: {
    names: ['fence.consent_segments'],
    kind: 'names',
    default: '',
    meaning:
      'Names of segments whose operators consent in writing to evacuation without a confirmed power-off ' +
      'when a trusted report says that the host is dead (host_status NORMAL). If such a report is wrong, ' +
      'an instance may run twice and destroy its disk.',
  },
} as const satisfies OptionGroup

export const RETURN = {
  toService: {
    names: ['host_failure.return_to_service'],
    kind: 'choice',
    of: ['operator', 'automatic'],
    default: 'operator',
    meaning:
      'Whether a repaired host returns to service automatically after everything is checked, or only after an ' +
      "operator's command. The policy of a segment may say otherwise.",
  },
  deathsMin: {
    names: ['host_failure.quarantine_deaths'],
    kind: 'whole',
    min: 2,
    max: 100,
    default: '3',
    meaning:
      'A host that died this many times in a day returns to service automatically only after a quarantine, which each ' +
      'further death doubles.',
    low: 'a host with one bad day is kept out',
    high: 'instances are moved to a broken host again and again',
  },
  quarantineMs: {
    names: ['host_failure.quarantine_seconds'],
    kind: 'seconds',
    min: 60,
    max: 86_400,
    default: '3600',
    meaning: 'Length of the first quarantine.',
    low: 'instances are moved to a broken host again and again',
    high: 'the capacity of the host is missing for this time',
  },
} as const satisfies OptionGroup
