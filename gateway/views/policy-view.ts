/** The policy of a segment in the words of the API; since 1.4. */
import { Type, type Static } from 'typebox'
import { CodedError } from '../../schema/errors.ts'
import {
  policyProblem,
  type PolicyChoices,
  type Rung,
  type SegmentPolicy,
} from '../../schema/segment-policy.ts'

const oneOf = <Word extends string>(...words: readonly Word[]) =>
  Type.Unsafe<Word>({ enum: [...words] })

const STRICT = { additionalProperties: false }
const RungView = Type.Object(
  {
    kind: oneOf('bmc', 'redfish', 'ipmi', 'agent', 'command', 'operator'),
    /** Only for agents and commands. */
    name: Type.Optional(Type.String({ maxLength: 64 })),
    limit_seconds: Type.Number({ minimum: 1, maximum: 7 * 24 * 3600 }),
  },
  STRICT,
)
const FIELDS = {
  fence: Type.Array(RungView, { minItems: 1, maxItems: 8 }),
  trust_reports: Type.Boolean(),
  return_to_service: oneOf('automatic', 'operator'),
  max_hosts: Type.Integer({ minimum: 0, maximum: 10_000 }),
  max_hosts_share: Type.Number({ minimum: 0.01, maximum: 1 }),
  rebuild_instances: oneOf('forbid', 'allow'),
  instance_disks: oneOf('shared', 'local'),
  rebuild_local: oneOf('forbid', 'allow'),
  dead_domain: oneOf('hosts', 'one'),
}
/** The complete policy. */
export const PolicyView = Type.Object(FIELDS)
/** What was chosen for a segment. */
export const Chosen = Type.Partial(Type.Object(FIELDS), STRICT)
/** The same in an answer. */
export const ChosenView = Type.Partial(Type.Object(FIELDS))

type View = Static<typeof PolicyView>

const rungView = (rung: Rung): Static<typeof RungView> => ({
  kind: rung.kind,
  ...('name' in rung ? { name: rung.name } : {}),
  limit_seconds: rung.limitMs / 1000,
})

/** The view of a complete policy. */
export const policyView = (policy: SegmentPolicy): View => ({
  fence: policy.rungs.map(rungView),
  trust_reports: policy.trustReports,
  return_to_service: policy.returnToService,
  max_hosts: policy.hostsMax,
  max_hosts_share: policy.shareMax,
  rebuild_instances: policy.instanceRebuild,
  instance_disks: policy.instanceDisks,
  rebuild_local: policy.rebuildLocal,
  dead_domain: policy.deadDomain,
})

/** The name in the code of each field of the API. */
const KEYS: Readonly<Record<keyof View, keyof PolicyChoices>> = {
  fence: 'rungs',
  trust_reports: 'trustReports',
  return_to_service: 'returnToService',
  max_hosts: 'hostsMax',
  max_hosts_share: 'shareMax',
  rebuild_instances: 'instanceRebuild',
  instance_disks: 'instanceDisks',
  rebuild_local: 'rebuildLocal',
  dead_domain: 'deadDomain',
}

/** The view of choices. */
export function chosenView({ rungs, ...choices }: PolicyChoices): Static<typeof Chosen> {
  const inside = { ...choices, ...(rungs === undefined ? {} : { rungs: rungs.map(rungView) }) }
  const known = new Map<string, unknown>(Object.entries(inside))
  const entries = Object.entries(KEYS).flatMap(([field, key]) =>
    known.has(key) ? [[field, known.get(key)] as const] : [],
  )
  return Object.fromEntries(entries)
}

/** The choices behind a view that its schema has checked. INPUT_INVALID for fields that do not fit together. */
export function choicesOf({ fence, ...chosen }: Static<typeof Chosen>): PolicyChoices {
  const rungs = fence?.map(({ limit_seconds: seconds, ...rung }) => ({
    ...rung,
    limitMs: seconds * 1000,
  }))
  const fields = new Map<string, unknown>(Object.entries({ ...chosen, fence: rungs }))
  const choices: PolicyChoices = Object.fromEntries(
    Object.entries(KEYS).flatMap(([field, key]) => {
      const value = fields.get(field)
      return value === undefined ? [] : [[key, value] as const]
    }),
  )
  const problem = policyProblem(choices)
  if (problem === undefined) return choices
  const text = `Invalid input for field/attribute fence. ${problem}`
  throw new CodedError('INPUT_INVALID', text)
}
