/** Options of the watchers: how often hosts and guests are looked at, and when silence counts. */
import type { OptionGroup } from './option.ts'

export const HOST_MONITOR = {
  intervalMs: {
    names: ['host.monitoring_interval'],
    kind: 'seconds',
    min: 1,
    max: 300,
    default: '5',
    meaning: 'Between two looks at a host that is well.',
    low: 'load on BMCs and hosts',
    high: 'a dead host is noticed so much later',
  },
  samples: {
    names: ['host.monitoring_samples'],
    kind: 'whole',
    min: 1,
    max: 20,
    default: '3',
    meaning:
      'Consecutive failed looks before a host counts as dead. A suspect is looked at in bursts.',
    low: 'one lost packet makes a host look dead',
    high: 'a verdict takes so many bursts longer',
  },
} as const satisfies OptionGroup

export const IPMI = {
  timeoutMs: {
    names: ['host.ipmi_timeout'],
    kind: 'seconds',
    min: 1,
    max: 60,
    default: '5',
    meaning: 'Longest wait for one answer of a BMC.',
    low: 'a slow BMC looks unreachable, and its host cannot be fenced',
    high: 'a dead BMC holds the fence up for so long at every try',
  },
  intervalMs: {
    names: ['host.ipmi_interval'],
    kind: 'seconds',
    min: 5,
    max: 25,
    default: '20',
    meaning: 'Between two power readings of a host that is well; it also keeps the session open.',
    low: 'load on the BMCs',
    high: 'BMCs drop a session that is idle for 30 s, so at most 25',
  },
  minimumSpacingMs: {
    names: ['host.ipmi_minimum_spacing'],
    kind: 'seconds',
    min: 0,
    max: 20,
    default: '5',
    meaning: 'Shortest time between two commands to one BMC.',
    low: 'some BMCs crash under frequent commands',
    high: 'fencing with its order and its read-back takes so much longer',
  },
  sessionsMax: {
    names: ['host.bmc_sessions'],
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: '512',
    meaning:
      'Sessions with BMCs that are open at once, over IPMI and Redfish; the one that was used longest ago is closed for the next.',
    low: 'a session is opened for each reading, which costs far more than the reading',
    high: 'each IPMI session is a process and a pseudo-terminal',
  },
  redfishCaFile: {
    names: ['host.redfish_ca_file'],
    kind: 'file',
    meaning:
      'Certificates (PEM) that sign those of the BMCs that speak Redfish; a fingerprint in the settings of a host counts instead.',
  },
} as const satisfies OptionGroup

export const SSH = {
  stateDirectory: {
    names: ['ssh.state_directory'],
    kind: 'directory',
    default: '/var/lib/instance-ha',
    embedded: '.instance-ha',
    meaning: 'Holds the key pair that is made at the first start, and the host keys seen so far.',
  },
  timeoutMs: {
    names: ['ssh.probe_timeout'],
    kind: 'seconds',
    min: 0.5,
    max: 60,
    default: '3',
    meaning: 'Longest wait for one sign of life over SSH.',
    low: 'a busy host looks dead on this channel',
    high: 'a dead host is noticed so much later',
  },
} as const satisfies OptionGroup

export const GUEST = {
  heartbeatIntervalMs: {
    names: ['guest.heartbeat_interval'],
    kind: 'seconds',
    min: 1,
    max: 600,
    default: '10',
    meaning: 'Between two pings of a guest agent.',
    low: 'load on the compute host',
    high: 'a hung guest is noticed so much later',
  },
  heartbeatSamples: {
    names: ['guest.heartbeat_samples'],
    kind: 'whole',
    min: 1,
    max: 20,
    default: '3',
    meaning: 'Consecutive unanswered pings before a guest that once answered counts as hung.',
    low: 'a busy guest is restarted for nothing',
    high: 'a hung guest is noticed so much later',
  },
} as const satisfies OptionGroup
