/** How changes are undone: what follows from each answer, and what is said once. What is done about one: `undo-step.spec.ts`. */
import type { OpenChange } from '../../../actors/ports/ledger.ts'
import {
  nothingRemembered,
  withRow,
  withSaid,
  type Remembered,
} from '../../../actors/return/remembered.ts'
import {
  decideUndoing,
  type ChangeAnswer,
  type ChangeStep,
  type ChangeTask,
} from '../../../actors/return/undoing.ts'
import type { SiteCommand } from '../../../schema/records.ts'
import { testDecisions } from '../decision-table.ts'
import { changeRow, serviceRow, TWO } from '../records.ts'

const spare = changeRow()
const going: OpenChange = { ...spare, id: 2, recoveryEnded: false }
const joined: OpenChange = { ...spare, id: 3, kind: 'aggregate', subject: '7' }
const silenced: OpenChange = { ...spare, id: 4, kind: 'process', subject: 'it died' }

const NOTHING = nothingRemembered<number>()
const saying = (detail: string): Remembered<number> => withSaid(NOTHING, 1, detail)
const look = (change: OpenChange, ledger: ChangeLedger): ChangeTask => ({
  type: 'change.look',
  change,
  ledger,
})
type ChangeLedger = (ChangeTask & { readonly type: 'change.look' })['ledger']
const say = (kind: 'decision' | 'intent' | 'outcome', detail: string): ChangeTask => ({
  type: 'change.say',
  change: spare,
  kind,
  detail,
})

const ssd = { id: '7', name: 'ssd', hosts: [TWO], metadata: {} }
const service = serviceRow({ writtenAt: 2000 })
const ledger: ChangeLedger = { changes: [spare], aggregates: [] }
const looked = (
  change: OpenChange,
  more: Partial<ChangeAnswer & { readonly type: 'change.looked' }> = {},
): ChangeAnswer => ({
  type: 'change.looked',
  change,
  ledger,
  service,
  instances: 0,
  ...more,
})

const disabled = serviceRow({ disabled: true, disabledReason: 'it died', writtenAt: 2000 })
const step: ChangeStep = { kind: 'reserve' }
const INTENT = 'nothing is on it: it is reserved again'
const take: ChangeTask = { type: 'change.take', change: spare, step }
const asked = (commands: readonly SiteCommand[]): ChangeAnswer => ({
  type: 'change.stop-asked',
  change: spare,
  step,
  commands,
})
const stop: SiteCommand = { kind: 'stop', operator: 'alice', reason: 'a move', givenAt: 0 }
const STOPPED = 'all recoveries are stopped by alice: a move'
const returned: OpenChange = { ...spare, state: 'undoing' }
const reserved = serviceRow({ disabled: true })
const REFUSED = 'it stays as it is: Nova says no'

testDecisions<Remembered<number>, ChangeTask, ChangeAnswer>(
  { file: 'return/undoing.ts', initial: NOTHING, decide: decideUndoing },
  {
    'the ledger, and no recovery in it has ended → nothing': [
      { title: 'a recovery goes on', answer: { type: 'changes.listed', changes: [going] } },
      {
        title: 'what is closed is forgotten',
        memory: withRow(saying(INTENT), 1, service),
        answer: { type: 'changes.listed', changes: [going] },
        next: NOTHING,
      },
    ],
    'the ledger, and it has an aggregate → the aggregates are looked at': [
      {
        title: 'one joined',
        memory: saying(INTENT),
        answer: { type: 'changes.listed', changes: [spare, joined] },
        tasks: [{ type: 'aggregates.list', changes: [spare, joined] }],
      },
    ],
    'the ledger → each change of an ended recovery is looked at': [
      {
        title: 'with the whole ledger',
        answer: { type: 'changes.listed', changes: [spare, going, silenced] },
        tasks: [spare, silenced].map((change) =>
          look(change, { changes: [spare, going, silenced], aggregates: [] }),
        ),
      },
    ],
    'the aggregates → each change of an ended recovery is looked at': [
      {
        title: 'with the aggregates',
        answer: { type: 'aggregates.listed', changes: [going, joined], aggregates: [ssd] },
        tasks: [look(joined, { changes: [going, joined], aggregates: [ssd] })],
      },
    ],
    'a change is looked at, and is to be kept → nothing': [
      {
        title: 'an instance is on the spare',
        answer: looked(spare, { instances: 1 }),
        next: withRow(NOTHING, 1, service),
      },
      {
        title: 'no heartbeat was seen: this is the first look',
        answer: looked(silenced, { service: disabled }),
        next: withRow(NOTHING, 4, disabled),
      },
    ],
    'a change is looked at, and somebody else has undone it → it is closed, and that is said': [
      {
        title: 'reserved by us',
        answer: looked(returned, { service: reserved }),
        tasks: [
          { type: 'change.close', change: returned, outcome: 'reserved again' },
          { ...say('outcome', 'reserved again'), change: returned } as ChangeTask,
        ],
        next: withRow(NOTHING, 1, reserved),
      },
    ],
    'a change is looked at, and is to be undone → operators are asked for a stop': [
      {
        title: 'an empty spare',
        answer: looked(spare),
        tasks: [{ type: 'change.ask-stop', change: spare, step }],
        next: withRow(NOTHING, 1, service),
      },
      {
        title: 'a nova-compute that has written since the last look',
        memory: withRow(NOTHING, 4, { ...disabled, writtenAt: 1000 }),
        answer: looked(silenced, { service: disabled }),
        tasks: [
          {
            type: 'change.ask-stop',
            change: silenced,
            step: { kind: 'enable', service: 'service-1' },
          },
        ],
        next: withRow(NOTHING, 4, disabled),
      },
    ],
    'operators have stopped everything → it is said': [
      { title: 'anew', answer: asked([stop]), tasks: [say('decision', STOPPED)] },
      { title: 'once', memory: saying(STOPPED), answer: asked([stop]) },
    ],
    'operators have stopped nothing → the step is said, and then taken': [
      { title: 'anew', answer: asked([]), tasks: [say('intent', INTENT), take] },
      { title: 'it was said', memory: saying(INTENT), answer: asked([]), tasks: [take] },
    ],
    'something is said of a change → it is not said again, until something else is': [
      {
        title: 'it replaces what was said before',
        memory: saying(STOPPED),
        answer: { type: 'change.said', change: spare, detail: INTENT },
        next: saying(INTENT),
      },
    ],
    'a change is closed, or its step is taken → nothing': [
      { title: 'nothing else', answer: { type: 'change.done' } },
    ],
    'Nova refuses the step → it is said, and the next change is looked at': [
      {
        title: 'anew',
        memory: saying(INTENT),
        answer: { type: 'change.refused', change: spare, problem: 'Nova says no' },
        tasks: [say('decision', REFUSED)],
      },
      {
        title: 'once',
        memory: saying(REFUSED),
        answer: { type: 'change.refused', change: spare, problem: 'Nova says no' },
      },
    ],
    'Nova or the store is away → the other changes wait for the next round': [
      {
        title: 'all is remembered',
        memory: saying(INTENT),
        answer: { type: 'changes.away' },
        ends: 'end-part',
      },
    ],
    'the store is away when the ledger is read → the next round begins anew': [
      {
        title: 'all is remembered',
        memory: saying(INTENT),
        answer: { type: 'changes.store-away' },
        ends: 'end-round',
      },
    ],
  },
)
