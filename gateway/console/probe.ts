/** Asks the BMC and the SSH server of a host that is not registered yet: `/console/v1/probe`. */
import { Type } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { parseControlAttributes, type ControlAttributes } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { credentialsToStore } from '../credentials/credentials.ts'
import { FaultBody } from '../http/faults.ts'
import { Text } from '../input/fields.ts'
import { withDeadline } from '../limits/deadline.ts'

/** What one channel of a host answered. */
export interface ProbeResult {
  readonly channel: string
  readonly ok: boolean
  /** One sentence; never a secret. */
  readonly text: string
}

/** Asks every channel that the settings name. It never orders anything. */
export type ProbeHost = (
  settings: ControlAttributes,
  signal: AbortSignal,
) => Promise<readonly ProbeResult[]>

const STRICT = { additionalProperties: false }
const Body = Type.Object({ control_attributes: Text }, STRICT)
const Answer = Type.Object({
  results: Type.Array(
    Type.Object({ channel: Type.String(), ok: Type.Boolean(), text: Type.String() }),
  ),
})
const TIMEOUT_MS = 20_000
/** Each of them opens a session with a machine. */
const PROBES_MAX = 8

export interface ProbeDependencies {
  readonly probeHost: ProbeHost
  readonly clock: ClockPort
}

/** Installs the route. Whoever may register a host may have it asked. */
export function probeRoute(app: GatewayApp, { probeHost, clock }: ProbeDependencies): void {
  let running = 0
  app.post('/probe', {
    config: { action: 'os-hosts:create' },
    schema: { body: Body, response: { 200: Answer, default: FaultBody } },
    handler: async ({ body }) => {
      const settings = parseControlAttributes(
        credentialsToStore(body.control_attributes, undefined),
      )
      if (running >= PROBES_MAX) {
        const text = 'Too many hosts are asked already. Try again in a few seconds.'
        throw new CodedError('RATE_LIMITED', text, { retryAfterSeconds: 5 })
      }
      running += 1
      try {
        const results = await withDeadline(clock, TIMEOUT_MS, 'ANSWER_LATE', (signal) =>
          probeHost(settings, signal),
        )
        return { results: [...results] }
      } finally {
        running -= 1
      }
    },
  })
}
