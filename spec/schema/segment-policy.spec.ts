/** What is said of choices that cannot be stored. */
import test from 'ava'
import { policyProblem } from '../../schema/segment-policy.ts'

for (const [rungs, said] of [
  [[{ kind: 'bmc', limitMs: 20_000 }], undefined],
  [
    [{ kind: 'bmc', limitMs: 20_000 }, { kind: 'ipmo' }],
    'rung 2 has no kind: it must be one of bmc, redfish, ipmi, agent, command, operator',
  ],
  [[null], 'rung 1 has no kind: it must be one of bmc, redfish, ipmi, agent, command, operator'],
  [[{ kind: 'operator', limitMs: 1 }], 'rung 1 (operator): limitMs must be >= 1000'],
  [
    [{ kind: 'agent', name: 'rm -rf', limitMs: 20_000 }],
    'rung 1 (agent): name must match pattern "^fence_[a-z0-9_]{1,60}$"',
  ],
  [[], '/rungs must not have fewer than 1 items'],
] as const) {
  test(`a fence plan ${JSON.stringify(rungs)} is answered with: ${said ?? 'nothing'}`, (t) => {
    t.is(policyProblem({ rungs }), said)
  })
}
