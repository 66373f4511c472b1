/** What becomes of the changes that recoveries made: undone, kept, or left to whoever changed them since. */
import test from 'ava'
import { nextUndoStep, type UndoFacts, type UndoStep } from '../../../actors/return/undo-step.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import type { OpenChange } from '../../../actors/ports/ledger.ts'
import { N2, TWO, changeRow, hostRow, serviceRow } from '../records.ts'

const spare = changeRow()
const returned: OpenChange = { ...spare, state: 'undoing' }
const joined: OpenChange = { ...spare, id: 2, kind: 'aggregate', subject: '7' }
const joinedByOther: OpenChange = { ...joined, id: 4, notification: N2 }
const facts = (change: OpenChange, more: Partial<UndoFacts> = {}): UndoFacts => ({
  change,
  changes: [spare, joined],
  instances: 0,
  service: serviceRow(),
  beats: false,
  aggregates: [{ id: '7', name: 'ssd', hosts: [TWO], metadata: {} }],
  ...more,
})
const REASON = 'it died'
const silenced: OpenChange = { ...spare, kind: 'process', subject: REASON }
const ofProcess = (change: Partial<ComputeService>, beats = false): UndoFacts =>
  facts(silenced, {
    service: serviceRow({ disabled: true, disabledReason: REASON, ...change }),
    beats,
  })
const KEEP: UndoStep = { kind: 'keep' }
const LEAVE: UndoStep = { kind: 'leave-aggregate' }
const close = (outcome: string): UndoStep => ({ kind: 'close', outcome })

const CASES: Readonly<Record<string, readonly [UndoFacts, UndoStep]>> = {
  'a service that beats again is enabled': [
    ofProcess({}, true),
    { kind: 'enable', service: 'service-1' },
  ],
  'a service that Nova calls up by its last heartbeat is not enabled': [ofProcess({}), KEEP],
  'a service that is down is not enabled': [ofProcess({ up: false }, true), KEEP],
  'a service that an operator has disabled since is left to him': [
    ofProcess({ disabledReason: 'mine' }, true),
    close('somebody else has disabled it since'),
  ],
  'a service that an operator has disabled since without a word is left to him': [
    ofProcess({ disabledReason: null }, true),
    close('somebody else has disabled it since'),
  ],
  'a service that is enabled is done with': [
    ofProcess({ disabled: false, disabledReason: null }, true),
    close('it is enabled again'),
  ],
  'nothing is undone while the recovery goes on': [facts({ ...spare, recoveryEnded: false }), KEEP],
  'nothing is undone at a host that is out of service': [
    facts({ ...spare, host: hostRow({ onMaintenance: true }) }),
    KEEP,
  ],
  'a spare on which nothing landed is reserved again': [facts(spare), { kind: 'reserve' }],
  'a spare with an instance on it is kept': [facts(spare, { instances: 1 }), KEEP],
  'a spare that is forced down is not touched': [
    facts(spare, { service: serviceRow({ forcedDown: true }) }),
    KEEP,
  ],
  'a reserved spare leaves its aggregates before it is disabled': [
    facts(returned, { changes: [returned, joined] }),
    KEEP,
  ],
  'a reserved spare is disabled': [
    facts(returned, { changes: [returned] }),
    { kind: 'disable', service: 'service-1' },
  ],
  'it leaves those of other recoveries first, too': [
    facts(returned, { changes: [returned, { ...joined, notification: N2 }] }),
    KEEP,
  ],
  'aggregates of another spare do not matter': [
    facts(returned, { changes: [returned, { ...joined, host: hostRow() }] }),
    { kind: 'disable', service: 'service-1' },
  ],
  'a spare that another recovery uses as well is given back by that one': [
    facts(spare, { changes: [spare, { ...spare, id: 3, notification: N2 }] }),
    close('another recovery needs it'),
  ],
  'the last one that uses it gives it back': [
    facts({ ...spare, id: 3 }, { changes: [spare, { ...spare, id: 3, notification: N2 }] }),
    { kind: 'reserve' },
  ],
  'an aggregate that another recovery needs as well is left by that one': [
    facts({ ...joined, failedHostIsBack: true }, { changes: [spare, joined, joinedByOther] }),
    close('another recovery needs it'),
  ],
  'until its failed host is back, nobody need take it over': [
    facts(joined, { changes: [spare, joined, joinedByOther] }),
    KEEP,
  ],
  'an aggregate is kept while the spare stands in for the host of another recovery': [
    facts(joined, { changes: [{ ...spare, id: 3, notification: N2 }, joined] }),
    KEEP,
  ],
  'a spare that is disabled, by us or by an operator, is done with': [
    facts(returned, { changes: [returned], service: serviceRow({ disabled: true }) }),
    close('reserved again'),
  ],
  'an aggregate is kept while the spare stands in for the failed host': [facts(joined), KEEP],
  'an aggregate is left when the failed host is back': [
    facts({ ...joined, failedHostIsBack: true }),
    LEAVE,
  ],
  'an aggregate is left by a spare that is given back': [
    facts(joined, { changes: [returned, joined] }),
    LEAVE,
  ],
  'an aggregate is left by a spare that an operator has taken over': [
    facts(joined, { changes: [joined] }),
    LEAVE,
  ],
  'an aggregate that the spare has left, or was taken from, is done with': [
    facts(joined, {
      changes: [joined],
      aggregates: [{ id: '7', name: 'ssd', hosts: [], metadata: {} }],
    }),
    close('it is not in it any more'),
  ],
  'an aggregate that was deleted is forgotten': [
    facts(joined, { changes: [joined], aggregates: [] }),
    close('there is no such aggregate any more'),
  ],
}

for (const [title, [given, step]] of Object.entries(CASES)) {
  test(title, (t) => {
    t.deepEqual(nextUndoStep(given), step)
  })
}
