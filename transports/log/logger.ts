/** Writes the log: one JSON line for each event on stderr, without values that may be secret. */
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'
import type { LogLevel } from '../../schema/config/node.ts'

const SECRET_NAMES = [
  'password',
  'token',
  'secret',
  'authorization',
  'privateKey',
  'controlAttributes',
  'control_attributes',
  '["x-auth-token"]',
  '["x-subject-token"]',
  '["x-service-token"]',
]

// pino matches whole paths, and a star stands for exactly one level.
const LEVELS_ABOVE = ['', '*', '*.*', '*.*.*']

/** All places that pino censors: each secret name, at the top or up to three levels down. */
export const REDACTED_PATHS: readonly string[] = LEVELS_ABOVE.flatMap((above) =>
  SECRET_NAMES.map((name) =>
    above === '' || name.startsWith('[') ? above + name : `${above}.${name}`,
  ),
)

/**
 * The log of one process, for `LogPort` and for Fastify. Lines are written at once, so that the
 * last lines before a crash are not lost.
 */
export function createLogger(
  level: LogLevel,
  destination: DestinationStream = process.stderr,
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...REDACTED_PATHS], censor: '***' },
      serializers: { error: stdSerializers.err },
    },
    destination,
  )
}
