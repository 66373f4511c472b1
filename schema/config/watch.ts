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
    meaning: 'Time between two probes of a healthy host.',
    low: 'load on BMCs and hosts',
    high: 'a dead host is noticed later',
  },
  samples: {
    names: ['host.monitoring_samples'],
    kind: 'whole',
    min: 1,
    max: 20,
    default: '3',
    meaning:
      'Number of consecutive failed probes after which a host counts as dead. A suspect host is probed in bursts.',
    low: 'one lost packet makes a host look dead',
    high: 'a dead host is noticed later',
  },
  heartbeatGraceMs: {
    names: ['host.heartbeat_grace'],
    kind: 'seconds',
    min: 1,
    max: 60,
    default: '2',
    meaning:
      'Shortest silence of the heartbeat of a host before it is suspected; a host whose heartbeats vary gets more.',
    low: 'a busy host is suspected for nothing, and looked at over SSH and IPMI',
    high: 'a dead host is noticed so much later',
  },
  anchors: {
    names: ['host.anchors'],
    kind: 'addresses',
    default: '',
    meaning:
      'TCP ports that always answer while this host monitor reaches the network of its hosts, as host:port, for example a router and the gateway of this service. While none of them accepts or refuses a connection, the monitor says that it is blind.',
  },
  observersPerHost: {
    names: ['host.observers_per_host'],
    kind: 'whole',
    min: 1,
    max: 16,
    default: '2',
    meaning:
      'How many of the running host monitors watch one host. Every process must have the same number.',
    low: 'one monitor alone decides on the death of a host',
    high: 'load on BMCs and hosts; a BMC serves few sessions',
  },
} as const satisfies OptionGroup

export const IPMI = {
  timeoutMs: {
    names: ['host.ipmi_timeout'],
    kind: 'seconds',
    min: 1,
    max: 60,
    default: '5',
    meaning: 'Longest wait for one answer of a BMC, over IPMI or Redfish.',
    low: 'a slow BMC looks unreachable, and its host cannot be fenced',
    high: 'a dead BMC delays the fence by this time at every try',
  },
  intervalMs: {
    names: ['host.ipmi_interval'],
    kind: 'seconds',
    min: 5,
    max: 25,
    default: '20',
    meaning:
      'Time between two power readings of a healthy host, over IPMI or Redfish. The readings also keep the session open.',
    low: 'load on the BMCs',
    high: 'BMCs drop a session that is idle for 30 s; the largest value is therefore 25',
  },
  minimumSpacingMs: {
    names: ['host.ipmi_minimum_spacing'],
    kind: 'seconds',
    min: 0,
    max: 20,
    default: '5',
    meaning: 'Shortest time between two commands to one BMC.',
    low: 'some BMCs crash under frequent commands',
    high: 'fencing, which sends an order and reads the power back, takes longer',
  },
  sessionsMax: {
    names: ['host.bmc_sessions'],
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: '128',
    meaning:
      'Largest number of sessions with BMCs that are open at once, over IPMI and Redfish. Three quarters of them are kept between readings. The power of a host that has no kept session is read every five minutes while SSH or its heartbeat shows life.',
    low: 'a session is opened for most readings of a suspect host, which takes longer',
    high: 'each IPMI session is a process of 1.5 MB with a pseudo-terminal',
  },
  redfishCaFile: {
    names: ['host.redfish_ca_file'],
    kind: 'file',
    meaning:
      'Certificates (PEM) of the authorities that sign the certificates of Redfish services. For a host with a fingerprint in its settings, the fingerprint is used instead.',
  },
} as const satisfies OptionGroup

export const SSH = {
  stateDirectory: {
    names: ['ssh.state_directory'],
    kind: 'directory',
    default: '/var/lib/instance-ha',
    embedded: '.instance-ha',
    meaning:
      'Directory of the key pair that is made at the first start, and of the host keys seen so far; on a compute host, ' +
      'of the faults of guests that the bus has not accepted yet.',
  },
  timeoutMs: {
    names: ['ssh.probe_timeout'],
    kind: 'seconds',
    min: 0.5,
    max: 60,
    default: '3',
    meaning: 'Longest wait for one answer over SSH.',
    low: 'a busy host looks dead on this channel',
    high: 'a dead host is noticed later',
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
      'the other one only to ask guest agents. TLS, SASL and SSH are not supported.',
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
    meaning: 'Time between two pings of a guest agent.',
    low: 'load on the compute host',
    high: 'a hung guest is noticed later',
  },
  heartbeatTimeoutMs: {
    names: ['guest.heartbeat_timeout', 'introspectiveinstancemonitor.guest_monitoring_timeout'],
    kind: 'seconds',
    min: 1,
    max: 60,
    default: '2',
    meaning: 'Longest wait for the answer of a guest agent.',
    low: 'a busy guest looks hung',
    high: 'guests that hang delay the others, because four are asked at a time',
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
    meaning:
      'Number of consecutive unanswered pings after which a guest that answered before counts as hung.',
    low: 'a busy guest is restarted without need',
    high: 'a hung guest is noticed later',
  },
} as const satisfies OptionGroup
