/** The policy of segments for gateways that read no configuration. */
import { policyOf } from '../../actors/policy/segment-policy.ts'
import type { PolicyInForce } from '../../gateway/routes/segment-policy.ts'

const DEFAULTS = {
  rungs: [{ kind: 'bmc', limitMs: 20_000 }],
  consentSegments: [],
  returnToService: 'operator',
  deadDomain: 'hosts',
  storm: { hostsMax: 0, shareMax: 0.34, windowMs: 600_000 },
} as const

export const policyInForce: PolicyInForce = (name, choices) => policyOf(DEFAULTS, name, choices)
