/**
 * Attempts of a recovery: counted over leaders, limited since the latest retry, with a doubling
 * pause.
 */
import test from 'ava'
import type { RecoveryMessage } from '../../../actors/recovery/recovery-messages.ts'
import { H1, N1, certificateRow } from '../records.ts'
import { timer } from '../step-table.ts'
import {
  RULES,
  UNTIL_EVACUATING,
  about,
  after,
  afterUnder,
  concluded,
  consulted,
  evacuated,
  fenced,
  recover,
  reportOf,
  suspended,
  type Word,
} from './stage.ts'

const decideLater = timer<RecoveryMessage>('decide', 30_000, { type: 'recovery.decide-due' })

test('an evacuation with failures pauses and is tried again', (t) => {
  const { effects, phaseOf } = after(...UNTIL_EVACUATING, evacuated(1))
  t.is(phaseOf(), 'suspending')
  t.like(effects[0], { type: 'recovery.suspend', reason: '2 instances moved, 1 failed, 1 ignored' })
  const paused = after(...UNTIL_EVACUATING, evacuated(1), suspended())
  t.is(paused.phaseOf(), 'pausing')
  t.is(paused.effects.length, 1)
  t.like(paused.effects[0], decideLater)
  const again = after(...UNTIL_EVACUATING, evacuated(1), suspended(), about('recovery.decide-due'))
  t.is(again.phaseOf(), 'deciding')
})

test('a recovery fails after as many failures as allowed', (t) => {
  const certificate = certificateRow()
  const again = (run: number): readonly Word[] => [
    suspended(),
    about('recovery.decide-due'),
    consulted(reportOf(N1, H1, { status: 'error', run }), { certificate }),
    about('recovery.admitted'),
    fenced(),
    evacuated(1),
  ]
  const { effects } = after(...UNTIL_EVACUATING, evacuated(1), ...again(1), ...again(2))
  t.deepEqual(concluded(effects), ['failed: 2 instances moved, 1 failed, 1 ignored'])
})

for (const [what, change, verdict] of [
  ['that a new leader goes on with', { status: 'running', run: 3 }, ['failed']],
  ['that begins under a new leader', { status: 'error', run: 2 }, ['failed']],
  ['that an operator had retried', { status: 'new', run: 3, firstRun: 4 }, []],
] as const) {
  test(`an attempt ${what} counts among all that there were`, (t) => {
    const report = reportOf(N1, H1, change)
    const story = [recover(report), consulted(report), about('recovery.admitted'), fenced()]
    const { effects } = after(...story, evacuated(1))
    t.deepEqual(
      concluded(effects).map((line) => line.split(':')[0]),
      verdict,
    )
  })
}

for (const [failures, chance, pauseMs] of [
  [1, 0, 27_000],
  [1, 0.5, 30_000],
  [2, 0.5, 60_000],
  [20, 0.5, 300_000],
] as const) {
  test(`failure ${failures} pauses the recovery for ${pauseMs} ms by the chance of ${chance}`, (t) => {
    const report = reportOf(N1, H1, { status: 'error', run: failures - 1 })
    const limited = { ...RULES, runsMax: 100 }
    const story = [recover(report), consulted(report), about('recovery.admitted'), fenced()]
    const { effects } = afterUnder(limited, [...story, evacuated(1), suspended(N1, chance)])
    t.like(effects[0], { type: 'timer.start', afterMs: pauseMs })
  })
}
