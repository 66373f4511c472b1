/**
 * Options of the watchers: how often hosts and guests are probed, and when missing answers count as
 * a failure.
 */
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
} as const satisfies OptionGroup

export const SSH = {
  stateDirectory: {
    names: ['ssh.state_directory'],
    kind: 'directory',
    default: '/var/lib/instance-ha',
    embedded: '.instance-ha',
    meaning:
      'Holds the key pair that is made at the first start, and the host keys seen so far; on a compute host, the faults of ' +
      'guests that the bus has not taken yet.',
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
  connection: {
    names: ['libvirt.connection_uri'],
    kind: 'libvirt',
    default: 'qemu:///system',
    meaning:
      "Where an instance-monitor finds its host's libvirt: the sockets virtqemud-sock and libvirt-sock in /run/libvirt, " +
      'another one with ?socket=/path, or qemu+tcp://host:port/system. The socket with -ro behind its name is used to look, ' +
      'the other one only to ask guest agents. TLS, SASL and SSH are not spoken.',
  },
  heartbeatIntervalMs: {
    names: [
      'guest.heartbeat_interval',
      'introspectiveinstancemonitor.guest_monitoring_interval',
      'DEFAULT.instance_check_interval',
    ],
    kind: 'seconds',
    min: 1,
    max: 600,
    default: '10',
    meaning: 'Between two pings of a guest agent.',
    low: 'load on the compute host',
    high: 'a hung guest is noticed so much later',
  },
  heartbeatTimeoutMs: {
    names: ['guest.heartbeat_timeout', 'introspectiveinstancemonitor.guest_monitoring_timeout'],
    kind: 'seconds',
    min: 1,
    max: 60,
    default: '2',
    meaning: 'Longest wait for the answer of a guest agent.',
    low: 'a busy guest looks hung',
    high: 'guests that hang hold up the others, four at a time',
  },
  heartbeatSamples: {
    names: [
      'guest.heartbeat_samples',
      'introspectiveinstancemonitor.guest_monitoring_failure_threshold',
    ],
    kind: 'whole',
    min: 1,
    max: 20,
    default: '3',
    meaning: 'Consecutive unanswered pings before a guest that once answered counts as hung.',
    low: 'a busy guest is restarted for nothing',
    high: 'a hung guest is noticed so much later',
  },
} as const satisfies OptionGroup
