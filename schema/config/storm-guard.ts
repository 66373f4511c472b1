/** Options of the brakes before a host is acted on: how many at once, and not too soon. */
import type { OptionGroup } from './option.ts'

export const STORM_GUARD = {
  hostsMax: {
    names: ['host_failure.max_hosts_per_window'],
    kind: 'whole',
    min: 0,
    max: 10_000,
    default: '0',
    meaning:
      'Most hosts of a segment acted on in a window, those in flight included; 0 leaves it to the share. Hosts that fail ' +
      'within a minute of each other and are more than that all wait for an operator.',
    low: 'an outage of a few hosts already needs an operator',
    high: 'a fault of the network may power off many healthy hosts',
  },
  shareMax: {
    names: ['host_failure.max_hosts_share'],
    kind: 'share',
    min: 0.01,
    max: 1,
    default: '0.34',
    meaning: 'The same as a share of the hosts in the segment; one host is always allowed.',
    low: 'as above',
    high: 'as above; and the hosts left over cannot hold the instances',
  },
  overallHostsMax: {
    names: ['host_failure.max_hosts_overall'],
    kind: 'whole',
    min: 0,
    max: 100_000,
    default: '0',
    meaning:
      'Most hosts of all segments together acted on in a window; 0 leaves it to the share. Hosts of any segments that fail ' +
      'together and are more than that all wait for an operator.',
    low: 'an outage that touches several segments already needs an operator',
    high: 'a fault of the whole network may power off many healthy hosts',
  },
  overallShareMax: {
    names: ['host_failure.max_hosts_overall_share'],
    kind: 'share',
    min: 0.01,
    max: 1,
    default: '1',
    meaning: 'The same as a share of all hosts.',
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
      'A leader acts on no new host for so long after it began to lead: after the start of the site, hosts may only ' +
      'seem dead. What has begun goes on.',
    low: 'after a power cut of the whole site, hosts that still boot may be powered off',
    high: 'a host that dies soon after a change of the leader waits for so long',
  },
  partitionHoldDownMs: {
    names: ['host_failure.partition_hold_down_seconds'],
    kind: 'seconds',
    min: 0,
    max: 3600,
    default: '15',
    meaning:
      'The same after a partition of its own: it stood still, or could not reach the bus, for as long as a lease lasts. ' +
      'An engine that starts, or that takes over without having been cut off, does not wait.',
    low: 'what it heard before or during the partition may power off a healthy host',
    high: 'a host that dies in a short outage of the bus waits for so long',
  },
  windowMs: {
    names: ['host_failure.window_seconds'],
    kind: 'seconds',
    min: 10,
    max: 86_400,
    default: '600',
    meaning: 'Length of that window.',
    low: 'failures that follow each other closely escape the cap',
    high: 'independent failures hold each other up',
  },
} as const satisfies OptionGroup
