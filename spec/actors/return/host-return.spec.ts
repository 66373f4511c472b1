/** How hosts come back: what follows from each answer, and what is said once. */
import {
  decideHostReturn,
  type HostAnswer,
  type HostReturnRules,
  type HostStep,
  type HostTask,
} from '../../../actors/return/host-return.ts'
import {
  nothingRemembered,
  withRow,
  withSaid,
  type Remembered,
} from '../../../actors/return/remembered.ts'
import type { Returning } from '../../../actors/ports/store.ts'
import type { HostId } from '../../../schema/ids.ts'
import type { SiteCommand } from '../../../schema/records.ts'
import { testDecisions } from '../decision-table.ts'
import { H1, H2, hostRow, N1, serviceRow, TWO, commandRow } from '../records.ts'

const RULES: HostReturnRules = {
  quarantine: { failuresMin: 3, windowMs: 86_400_000, firstMs: 3_600_000, longestMs: 86_400_000 },
  policy: {
    rungs: [],
    consentSegments: [],
    returnToService: 'operator',
    deadDomain: 'hosts' as const,
    storm: { hostsMax: 1, shareMax: 0.1, windowMs: 1000 },
  },
}

const returning = (change: Partial<Returning> = {}): Returning => ({
  host: hostRow(),
  segmentName: 'rack-1',
  by: N1,
  isGivenBack: false,
  choices: { returnToService: 'automatic' },
  commands: [],
  deaths: [],
  disabledWith: 'it is dead',
  ...change,
})
const one = returning()
const other = returning({ host: hostRow({ uuid: H2, name: TWO }) })
const byOperator = returning({ choices: {} })

const NOTHING = nothingRemembered<HostId>()
const saying = (detail: string): Remembered<HostId> => withSaid(NOTHING, H1, detail)
const look = (of: Returning): HostTask => ({ type: 'host.look', returning: of })
const say = (kind: 'decision' | 'intent', detail: string): HostTask => ({
  type: 'host.say',
  returning: one,
  kind,
  detail,
})

/** Its nova-compute beats, and Nova counts it as forced down. */
const service = serviceRow({ forcedDown: true, disabled: true, writtenAt: 2000 })
const seen = { nowWallMs: 1000, ssh: { kind: 'answers' }, service, evacuations: [] } as const
const looked = (change: Partial<(HostAnswer & { type: 'host.looked' })['seen']>): HostAnswer => ({
  type: 'host.looked',
  returning: one,
  seen: { ...seen, ...change },
})
const before = withRow(NOTHING, H1, { ...service, writtenAt: 1000 })
const now = withRow(NOTHING, H1, service)

const step: HostStep = { kind: 'clear-forced-down', service: 'service-1' }
const INTENT = 'Nova may count its compute service by its heartbeat again'
const asked = (commands: readonly SiteCommand[]): HostAnswer => ({
  type: 'host.stop-asked',
  returning: one,
  step,
  commands,
})
const stop: SiteCommand = { kind: 'stop', operator: 'alice', reason: 'a move', givenAt: 0 }
const release: SiteCommand = { ...stop, kind: 'release' }
const STOPPED = 'all recoveries are stopped by alice: a move'
const SILENT = 'it is not reachable: no answer'
const noSsh = looked({ ssh: { kind: 'none' } })
const NO_BEAT = 'no new heartbeat of its nova-compute was seen yet'
const ask: HostTask = { type: 'host.ask-stop', returning: one, step }
const take: HostTask = { type: 'host.take', returning: one, step }

testDecisions<Remembered<HostId>, HostTask, HostAnswer>(
  {
    file: 'return/host-return.ts',
    initial: NOTHING,
    decide: (memory, answer) => decideHostReturn(RULES, memory, answer),
  },
  {
    'the hosts that are out of service → each of those that are asked for is looked at': [
      {
        title: 'by the policies of their segments',
        answer: { type: 'hosts.listed', hosts: [one, byOperator, other] },
        tasks: [look(one), look(other)],
      },
      {
        title: 'by the word of an operator',
        answer: {
          type: 'hosts.listed',
          hosts: [{ ...byOperator, commands: [commandRow({ kind: 'let-back' })] }],
        },
        tasks: [look({ ...byOperator, commands: [commandRow({ kind: 'let-back' })] })],
      },
      {
        title: 'by an operator who has ended its maintenance',
        answer: { type: 'hosts.listed', hosts: [{ ...byOperator, isGivenBack: true }] },
        tasks: [look({ ...byOperator, isGivenBack: true })],
      },
      {
        title: 'hosts that are back are forgotten, others are not',
        memory: withSaid(withRow(saying(SILENT), H1, service), H2, SILENT),
        answer: { type: 'hosts.listed', hosts: [{ ...byOperator, host: other.host }] },
        next: withSaid(NOTHING, H2, SILENT),
      },
    ],
    'a host is looked at, and must wait → it is said why': [
      {
        title: 'its SSH is silent',
        answer: looked({ ssh: { kind: 'silent', reason: SILENT } }),
        tasks: [say('decision', SILENT)],
        next: now,
      },
      {
        title: 'once',
        memory: saying(SILENT),
        answer: looked({ ssh: { kind: 'silent', reason: SILENT } }),
        next: withRow(saying(SILENT), H1, service),
      },
      {
        title: 'without SSH, the first look shows no heartbeat',
        answer: noSsh,
        tasks: [say('decision', NO_BEAT)],
        next: now,
      },
      {
        title: 'without SSH, its row was changed otherwise',
        memory: withRow(NOTHING, H1, { ...service, writtenAt: 1000, disabled: false }),
        answer: noSsh,
        tasks: [say('decision', NO_BEAT)],
        next: now,
      },
    ],
    'a host is looked at, and may take its next step → operators are asked for a stop': [
      { title: 'its SSH answers', answer: looked({}), tasks: [ask], next: now },
      {
        title: 'without SSH, its nova-compute has written since the last look',
        memory: before,
        answer: noSsh,
        tasks: [ask],
        next: now,
      },
    ],
    'operators have stopped everything → it is said': [
      { title: 'once', memory: saying(STOPPED), answer: asked([stop]) },
      { title: 'anew', answer: asked([release, stop]), tasks: [say('decision', STOPPED)] },
    ],
    'operators have stopped nothing → the step is said, and then taken': [
      { title: 'no word', answer: asked([]), tasks: [say('intent', INTENT), take] },
      {
        title: 'they have released it',
        answer: asked([stop, release]),
        tasks: [say('intent', INTENT), take],
      },
      { title: 'it was said', memory: saying(INTENT), answer: asked([]), tasks: [take] },
    ],
    'something is said of a host → it is not said again, until something else is': [
      {
        title: 'it replaces what was said before',
        memory: saying(SILENT),
        answer: { type: 'host.said', returning: one, detail: INTENT },
        next: saying(INTENT),
      },
    ],
    'a step is taken → the host is looked at again in the next round': [
      { title: 'nothing else', answer: { type: 'host.taken' } },
    ],
    'something about one host is in trouble → it is said, and the next host is looked at': [
      {
        title: 'anew',
        answer: { type: 'host.failed', returning: one, problem: 'Nova is away' },
        tasks: [say('decision', 'Nova is away')],
      },
      {
        title: 'once',
        memory: saying('Nova is away'),
        answer: { type: 'host.failed', returning: one, problem: 'Nova is away' },
      },
    ],
    'the store is away → the next round begins anew': [
      {
        title: 'and all is remembered',
        memory: before,
        answer: { type: 'hosts.store-away' },
        ends: 'end-round',
      },
    ],
  },
)
