/**
 * The policy of one segment: what its operators chose. The configuration decides everything that
 * they did not choose.
 */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const limitMs = Type.Number({ minimum: 1000, maximum: 7 * 24 * 3_600_000 })

/**
 * One way to make certain that a host is dead, with a time limit. `bmc`: the host's own BMC, over
 * Redfish and then over IPMI when the host has settings for both; `redfish`, `ipmi`: the host's own
 * BMC, over this protocol alone; `agent`: a ClusterLabs fence agent; `command`: a command of the
 * operators that cuts the host off from its storage; `operator`: an operator confirms the death.
 */
export const Rung = Type.Union([
  Type.Object({ kind: Type.Literal('bmc'), limitMs }),
  Type.Object({ kind: Type.Literal('redfish'), limitMs }),
  Type.Object({ kind: Type.Literal('ipmi'), limitMs }),
  Type.Object({
    kind: Type.Literal('agent'),
    name: Type.String({ pattern: '^fence_[a-z0-9_]{1,60}$' }),
    limitMs,
  }),
  Type.Object({
    kind: Type.Literal('command'),
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' }),
    limitMs,
  }),
  Type.Object({ kind: Type.Literal('operator'), limitMs }),
])
export type Rung = Static<typeof Rung>

/** Whether the device of a rung is the host's own BMC, which reads the power of this host only. */
export const isBmcRung = ({ kind }: Pick<Rung, 'kind'>): boolean =>
  kind === 'bmc' || kind === 'redfish' || kind === 'ipmi'

const oneOf = <Word extends string>(...words: readonly Word[]) =>
  Type.Unsafe<Word>({ enum: [...words] })

export const PolicyChoices = Type.Object(
  {
    /** The fence plan: rungs in the order in which they are tried. */
    rungs: Type.Optional(Type.Array(Rung, { minItems: 1, maxItems: 8 })),
    /**
     * Whether a report with `host_status NORMAL` is trusted when no rung could confirm the death.
     */
    trustReports: Type.Optional(Type.Boolean()),
    /**
     * Whether a repaired host returns to service automatically, or only after an operator's
     * command.
     */
    returnToService: Type.Optional(oneOf('automatic', 'operator')),
    /**
     * Largest number of hosts that are acted on in a window of the storm guard; 0: only the share
     * counts.
     */
    hostsMax: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    /** The same limit as a share of the segment's hosts. */
    shareMax: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1 })),
    /**
     * Whether a guest is rebuilt from its image when nothing else brings it back. The content of
     * its disk is lost.
     */
    instanceRebuild: Type.Optional(oneOf('forbid', 'allow')),
    /** Where the disks of image-backed instances of this segment are. Nova does not tell. */
    instanceDisks: Type.Optional(oneOf('shared', 'local')),
    /**
     * Whether an instance may be rebuilt from its image when its disk was local to the dead host
     * and is lost.
     */
    rebuildLocal: Type.Optional(oneOf('forbid', 'allow')),
    /** How many places a dead failure domain takes under the caps: one for each host, or one. */
    deadDomain: Type.Optional(oneOf('hosts', 'one')),
  },
  { additionalProperties: false },
)
export type PolicyChoices = Static<typeof PolicyChoices>

/** The complete policy: each value comes from the segment's operators or from the configuration. */
export interface SegmentPolicy {
  readonly rungs: readonly Rung[]
  readonly trustReports: boolean
  readonly returnToService: 'automatic' | 'operator'
  readonly hostsMax: number
  readonly shareMax: number
  readonly instanceRebuild: 'forbid' | 'allow'
  readonly instanceDisks: 'shared' | 'local'
  readonly rebuildLocal: 'forbid' | 'allow'
  readonly deadDomain: 'hosts' | 'one'
}

const choices = Compile(PolicyChoices)

/** What is wrong with choices from outside; undefined when they can be stored. */
export function policyProblem(value: unknown): string | undefined {
  const [problem] = choices.Errors(value)
  if (problem === undefined) return undefined
  const [, at] = /^\/rungs\/(\d+)/.exec(problem.instancePath) ?? []
  if (at !== undefined) {
    const rung: unknown = Object(Object(value).rungs)[at]
    return `rung ${Number(at) + 1} ${rungProblem(Object(rung))}`
  }
  const what =
    problem.keyword === 'enum'
      ? `must be one of ${problem.params.allowedValues.join(', ')}`
      : problem.message
  return `${problem.instancePath || 'policy'} ${what}`
}

const rungs = new Map(
  Rung.anyOf.map((each) => [each.properties.kind.const as string, Compile(each)] as const),
)

/** The error of the kind that it has: those of the other kinds would only confuse. */
function rungProblem(rung: { readonly kind?: unknown }): string {
  const kind = String(rung.kind)
  const known = rungs.get(kind)
  if (known === undefined) return `has no kind: it must be one of ${[...rungs.keys()].join(', ')}`
  const [problem] = known.Errors(rung)
  const field = problem?.instancePath.slice(1) ?? ''
  return [`(${kind}):`, field, problem?.message].filter((word) => word !== '').join(' ')
}

/**
 * A rung as operators write and read it: `bmc`, `fence_ipmilan`, `command/ceph-blocklist`,
 * `operator`.
 */
export function rungTitle(rung: Rung): string {
  switch (rung.kind) {
    case 'agent':
      return rung.name
    case 'command':
      return `command/${rung.name}`
    case 'bmc':
    case 'redfish':
    case 'ipmi':
    case 'operator':
      return rung.kind
  }
}
