/** The way back into service: every check, in its order. */
import test from 'ava'
import {
  nextReturnStep,
  type ReturnFacts,
  type ReturnStep,
} from '../../../actors/return/return-step.ts'
import { quarantinedUntil } from '../../../actors/policy/quarantine.ts'
import { evacuationRow, serviceRow, commandRow } from '../records.ts'

const RULES = { failuresMin: 3, windowMs: 86_400_000, firstMs: 3_600_000, longestMs: 86_400_000 }

const facts = (change: Partial<ReturnFacts> = {}): ReturnFacts => ({
  isGivenBack: false,
  commands: [],
  deaths: [0],
  nowWallMs: 1000,
  silence: null,
  isSeen: true,
  service: serviceRow({ up: false, disabled: true, forcedDown: true }),
  disabledWith: 'it is dead',
  evacuations: [evacuationRow({ status: 'completed' }), evacuationRow({ status: 'failed' })],
  ...change,
})
const up = serviceRow({ up: true, disabled: true, disabledReason: 'it is dead' })
const wait = (reason: string): ReturnStep => ({ kind: 'wait', reason })
const unclosed = wait('1 evacuations are not closed by its nova-compute yet')
const often = { deaths: [0, 1, 2] }

const CASES: Readonly<Record<string, readonly [ReturnFacts, ReturnStep]>> = {
  'a host that does not answer waits': [facts({ silence: 'silent' }), wait('silent')],
  'a host without a compute service waits': [
    facts({ service: undefined }),
    wait('Nova has no compute service on it'),
  ],
  'an evacuation under way is waited for': [
    facts({ evacuations: [evacuationRow({ status: 'accepted' })] }),
    unclosed,
  ],
  'an evacuation that its nova-compute has not closed is waited for': [
    facts({ evacuations: [evacuationRow({ status: 'done' })] }),
    unclosed,
  ],
  'a host that is forced down is counted by its heartbeat first': [
    facts(),
    { kind: 'clear-forced-down', service: 'service-1' },
  ],
  'a nova-compute that does not report is waited for': [
    facts({ service: serviceRow({ up: false, disabled: true }) }),
    wait('its nova-compute is not up yet'),
  ],
  'a host without SSH stays forced down until a heartbeat was seen': [
    facts({ isSeen: false }),
    wait('no new heartbeat of its nova-compute was seen yet'),
  ],
  'a host without SSH is not enabled for an old heartbeat': [
    facts({ service: up, isSeen: false }),
    wait('no new heartbeat of its nova-compute was seen yet'),
  ],
  'a nova-compute that reports is enabled': [
    facts({ service: up }),
    { kind: 'enable', service: 'service-1' },
  ],
  'a service that an operator had disabled stays disabled': [
    facts({ service: up, disabledWith: null }),
    { kind: 'let-back' },
  ],
  'a service that an operator has disabled meanwhile, for a reason of his own, stays disabled': [
    facts({ service: { ...up, disabledReason: 'burn-in' } }),
    { kind: 'let-back' },
  ],
  'a service that an operator has disabled meanwhile, without a command, stays disabled': [
    facts({ service: { ...up, disabledReason: null } }),
    { kind: 'let-back' },
  ],
  'an enabled host is let back': [facts({ service: serviceRow() }), { kind: 'let-back' }],
  'a host that died often is quarantined': [
    facts(often),
    wait('it died 3 times and is quarantined until 1970-01-01T01:00:00.002Z'),
  ],
  'an operator ends a quarantine, and no check': [
    facts({ ...often, commands: [commandRow({ kind: 'let-back' })], silence: 'silent' }),
    wait('silent'),
  ],
}

for (const [title, [known, step]] of Object.entries(CASES)) {
  test(title, (t) => t.deepEqual(nextReturnStep(RULES, known), step))
}

for (const [deaths, hours] of [
  [0, 0],
  [2, 0],
  [3, 1],
  [4, 2],
  [6, 8],
  [20, 24],
] as const) {
  test(`${deaths} deaths in a day keep a host out for ${hours} hours after the last`, (t) => {
    const times = Array.from({ length: deaths }, () => 0)
    t.is(quarantinedUntil(RULES, times), hours * 3_600_000)
  })
}
