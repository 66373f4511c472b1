/** Which recoveries count as acting on their host, for the storm guard. */
import test from 'ava'
import { actsOnHost, type Recovery, type RecoveryPhase } from '../../../actors/segment/recovery.ts'
import { H1, ONE, hostRow, notificationRow } from '../records.ts'

const recoveryIn = (phase: RecoveryPhase, certified: boolean): Recovery => ({
  notification: notificationRow(),
  host: H1,
  hostName: ONE,
  evidence: [],
  run: 1,
  firstRun: 1,
  standing: { kind: 'free' },
  wordsHeard: 0,
  certified,
  seenAlive: 0,
  lastHeld: null,
  phase,
})

const fencePlan = { kind: 'fence', host: hostRow(), rungs: [], lastResort: null } as const
const TABLE: readonly (readonly [
  phase: RecoveryPhase,
  uncertified: boolean,
  certified: boolean,
])[] = [
  [{ kind: 'queued' }, false, true],
  [{ kind: 'deciding' }, false, true],
  [{ kind: 'held', reason: '', behind: null }, false, true],
  [{ kind: 'admitting', plan: fencePlan }, true, true],
  [
    {
      kind: 'admitting',
      plan: { kind: 'restart', fault: 'hung', mayRebuild: false, askedForAt: 0 },
    },
    false,
    false,
  ],
  [{ kind: 'fencing' }, true, true],
  [{ kind: 'evacuating', room: 'there' }, true, true],
  [{ kind: 'restarting' }, false, true],
  [{ kind: 'suspending' }, false, true],
  [{ kind: 'pausing' }, false, true],
]

for (const [phase, uncertified, certified] of TABLE) {
  const what = phase.kind === 'admitting' ? `admitting to ${phase.plan.kind}` : phase.kind
  test(`a recovery that is ${what} ${uncertified ? 'acts' : 'does not act'} on its host yet`, (t) => {
    t.is(actsOnHost(recoveryIn(phase, false)), uncertified)
    t.is(actsOnHost(recoveryIn(phase, true)), certified)
  })
}
