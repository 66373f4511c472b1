/** Options of what a process tells of itself: its health, its metrics, and the traces of its recoveries. */
import type { OptionGroup } from './option.ts'

export const HEALTH = {
  enabled: {
    names: ['health.enabled'],
    kind: 'switch',
    default: 'true',
    embedded: 'false',
    meaning:
      'Whether the process serves /health/live, /health/ready, /health/supervisors and /metrics on a port of its own. ' +
      'When the port is in use, the process runs without it, says so in its log, and tries again every 10 s.',
  },
  listen: {
    names: ['health.listen'],
    kind: 'text',
    default: '127.0.0.1',
    meaning:
      'Address of that port. It asks for no token, and it shows the names of hosts and the reasons of recoveries: ' +
      'name another address only in a network of operators.',
  },
  port: {
    names: ['health.listen_port'],
    kind: 'whole',
    min: 0,
    max: 65_535,
    default: '15869',
    meaning:
      'TCP port of health and metrics; 0 takes any free one, which the log names. Give each process its own when several run on one machine.',
    low: 'ports below 1024 need privileges',
    high: 'ports of the ephemeral range may be taken by outgoing connections',
  },
} as const satisfies OptionGroup

export const TRACING = {
  endpoint: {
    names: ['tracing.otlp_endpoint'],
    kind: 'url',
    meaning:
      'Base URL of an OpenTelemetry collector that takes OTLP over HTTP, for example http://127.0.0.1:4318. The engine sends it ' +
      'the spans of each recovery. When unset, no traces are made.',
  },
  caFile: {
    names: ['tracing.ca_file'],
    kind: 'file',
    meaning:
      'File with the certificates (PEM) of the authorities that may sign that of the collector; the public authorities when unset.',
  },
} as const satisfies OptionGroup
