/** Options that limit acting on hosts: how many at once, and how long a new leader waits. */
import type { OptionGroup } from './option.ts'

/** Options about what several hosts lose at the same time: racks, power feeds, rooms. */
export const DOMAINS = {
  file: {
    names: ['host_failure.failure_domains_file'],
    kind: 'file',
    meaning:
      'File with the failure domains of hosts, read at start, one host a line: compute-01 = rack:12, feed:a. What the control_attributes of ' +
      'a host name counts more than this file, and this file counts more than the metadata of aggregates.',
  },
  metadataKeys: {
    names: ['host_failure.failure_domain_metadata_keys'],
    kind: 'names',
    default: 'rack, power_feed, room',
    meaning:
      "Keys in the metadata of Nova's aggregates that name a failure domain of their hosts: rack=12 makes the domain rack:12. An empty " +
      'value: aggregates name none.',
  },
  deadDomain: {
    names: ['host_failure.dead_domain'],
    kind: 'choice',
    of: ['hosts', 'one'],
    default: 'hosts',
    meaning:
      'How many places a dead failure domain takes under the limits of hosts that are acted on. hosts: one for each of its hosts. one: one ' +
      'for all of them, when every host of the domain was read as off. Each host is fenced by itself in both cases. A segment may have ' +
      'another choice of its own.',
  },
} as const satisfies OptionGroup

export const STORM_GUARD = {
  hostsMax: {
    names: ['host_failure.max_hosts_per_window'],
    kind: 'whole',
    min: 0,
    max: 10_000,
    default: '0',
    meaning:
      'Largest number of hosts of a segment that are acted on in a window, hosts in flight included; 0: only the share counts. Hosts that fail ' +
      'within a minute of each other and are more than this number all wait for an operator.',
    low: 'even an outage of a few hosts needs an operator',
    high: 'a fault of the network may power off many healthy hosts',
  },
  shareMax: {
    names: ['host_failure.max_hosts_share'],
    kind: 'share',
    min: 0.01,
    max: 1,
    default: '0.34',
    meaning: 'The same limit as a share of the hosts in the segment; one host is always allowed.',
    low: 'as above',
    high: 'as above; and the remaining hosts have no room for the instances',
  },
  overallHostsMax: {
    names: ['host_failure.max_hosts_overall'],
    kind: 'whole',
    min: 0,
    max: 100_000,
    default: '0',
    meaning:
      'Largest number of hosts of all segments together that are acted on in a window; 0: only the share counts. Hosts of any segments that fail ' +
      'together and are more than this number all wait for an operator.',
    low: 'even a small outage in several segments needs an operator',
    high: 'a fault of the whole network may power off many healthy hosts',
  },
  overallShareMax: {
    names: ['host_failure.max_hosts_overall_share'],
    kind: 'share',
    min: 0.01,
    max: 1,
    default: '1',
    meaning: 'The same limit as a share of all hosts.',
    low: 'as above',
    high: 'as above',
  },
  holdDownMs: {
    names: ['host_failure.hold_down_seconds'],
    kind: 'seconds',
    min: 0,
    max: 3600,
    default: '0',
    meaning:
      'A leader acts on no new host for this time after it began to lead, because hosts that still boot after a start of the site only ' +
      'seem dead. Recoveries in flight go on.',
    low: 'after a power cut of the whole site, hosts that still boot may be powered off',
    high: 'a host that dies soon after a change of the leader waits for this time',
  },
  partitionHoldDownMs: {
    names: ['host_failure.partition_hold_down_seconds'],
    kind: 'seconds',
    min: 0,
    max: 3600,
    default: '15',
    meaning:
      'The same after a partition of the leader: its process did not run, or could not reach the bus, for as long as a lease lasts. ' +
      'An engine that starts, or that takes over without such a partition, does not wait.',
    low: 'the leader may power off a healthy host because of reports from before or during the partition',
    high: 'a host that dies in a short outage of the bus waits for this time',
  },
  windowMs: {
    names: ['host_failure.window_seconds'],
    kind: 'seconds',
    min: 10,
    max: 86_400,
    default: '600',
    meaning: 'Length of the window in which hosts are counted.',
    low: 'failures that follow each other are not limited',
    high: 'independent failures delay each other',
  },
} as const satisfies OptionGroup
