/** The table at the top of `return-step.ts` is how the step of a host is decided: in every state, whatever else holds. */
import test from 'ava'
import {
  nextReturnStep,
  type ReturnFacts,
  type ReturnStep,
} from '../../../actors/return/return-step.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import { evacuationRow, serviceRow, commandRow } from '../records.ts'
import { rowsOf } from '../state-table.ts'

const RULES = { failuresMin: 3, windowMs: 86_400_000, firstMs: 3_600_000, longestMs: 86_400_000 }
const OURS = 'it is dead'

const SERVICES: readonly (ComputeService | undefined)[] = [
  undefined,
  ...([true, false] as const).flatMap((forcedDown) => [
    serviceRow({ forcedDown, disabled: true, disabledReason: OURS }),
    serviceRow({ forcedDown, disabled: true, disabledReason: 'burn-in' }),
    serviceRow({ forcedDown, disabled: false }),
  ]),
]

/** What each sentence of the table means: facts of which it is true, and those of which it is not. */
type Change = Partial<ReturnFacts>
const CONDITIONS: ReadonlyMap<string, readonly [readonly Change[], readonly Change[]]> = new Map([
  [
    'it died too often lately, and no operator lets it back',
    [
      [{ deaths: [0, 1, 2] }],
      [
        { deaths: [0] },
        { deaths: [0, 1, 2], isGivenBack: true },
        { deaths: [0, 1, 2], commands: [commandRow({ kind: 'let-back' })] },
      ],
    ],
  ],
  ['it has SSH, and does not answer', [[{ silence: 'silent' }], [{ silence: null }]]],
  [
    'evacuations from it are not closed by its nova-compute',
    [
      [{ evacuations: [evacuationRow({ status: 'done' })] }],
      [{ evacuations: [] }, { evacuations: [evacuationRow({ status: 'completed' })] }],
    ],
  ],
  [
    'it has no SSH, and no new heartbeat of its nova-compute was seen',
    [[{ isSeen: false }], [{ isSeen: true }]],
  ],
])
const DOWN = 'its nova-compute is not up'
const ALWAYS = 'every check above is passed'

interface Case {
  readonly facts: ReturnFacts
  /** The sentences of the table that are true. */
  readonly holds: ReadonlySet<string>
}

const plain: ReturnFacts = {
  isGivenBack: false,
  commands: [],
  deaths: [],
  nowWallMs: 1000,
  silence: null,
  isSeen: true,
  service: undefined,
  disabledWith: OURS,
  evacuations: [],
}

const CASES: readonly Case[] = [...CONDITIONS].reduce<readonly Case[]>(
  (cases, [sentence, [yes, no]]) =>
    cases.flatMap(({ facts, holds }) => [
      ...yes.map((change) => ({
        facts: { ...facts, ...change },
        holds: new Set([...holds, sentence]),
      })),
      ...no.map((change) => ({ facts: { ...facts, ...change }, holds })),
    ]),
  SERVICES.flatMap((service) => [
    ...[OURS, null].map((disabledWith) => ({
      facts: {
        ...plain,
        service: service === undefined ? undefined : { ...service, up: true },
        disabledWith,
      },
      holds: new Set([ALWAYS]),
    })),
    {
      facts: { ...plain, service: service === undefined ? undefined : { ...service, up: false } },
      holds: new Set([ALWAYS, DOWN]),
    },
  ]),
)

const stateOf = ({ service, disabledWith }: ReturnFacts): string => {
  if (service === undefined) return 'missing'
  if (service.forcedDown) return 'forced-down'
  const isOurs = service.disabled && service.disabledReason === disabledWith
  return isOurs ? 'disabled' : 'cleared'
}

/** In which state the host is once the step was taken. */
function stateAfter(facts: ReturnFacts, { kind }: ReturnStep): string {
  const { service } = facts
  if (kind === 'let-back') return 'in-service'
  if (kind === 'wait' || service === undefined) return 'same'
  const changed =
    kind === 'enable' ? { ...service, disabled: false } : { ...service, forcedDown: false }
  return stateOf({ ...facts, service: changed })
}

const rows = rowsOf('return/return-step.ts')

/** The row of the table that decides. */
const rowOf = ({ facts, holds }: Case) =>
  rows.find(({ from, when }) => from === stateOf(facts) && holds.has(when))

test('the first row that holds is what is done', (t) => {
  for (const each of CASES) {
    const title = `${stateOf(each.facts)}: ${[...each.holds].join('; ')}`
    const step: string = nextReturnStep(RULES, each.facts).kind
    t.is(step, rowOf(each)?.event ?? 'no row holds', title)
  }
})

test('every row of the table happens, and leads where it says', (t) => {
  const seen = new Set<string>()
  for (const each of CASES) {
    const step = nextReturnStep(RULES, each.facts)
    const leads = `${stateOf(each.facts)}, ${step.kind}: ${stateAfter(each.facts, step)}`
    seen.add(`${leads} (${rowOf(each)?.when})`)
  }
  const said = rows.map(({ from, event, to, when }) => `${from}, ${event}: ${to} (${when})`)
  t.deepEqual([...seen].toSorted(), said.toSorted())
})
