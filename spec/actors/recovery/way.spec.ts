/**
 * A notification from decision through fence and evacuation to its end, with one decision at a time
 * in a segment.
 */
import test from 'ava'
import * as fc from 'fast-check'
import type { FaultOutcome } from '../../../actors/policy/fault-reply.ts'
import type { RecoveryMessage } from '../../../actors/recovery/recovery-messages.ts'
import { holds } from '../../support/holds.ts'
import { H1, H2, I1, N1, N2, ONE, certificateRow, segmentRow } from '../records.ts'
import { timer } from '../step-table.ts'
import {
  RULES,
  UNTIL_EVACUATING,
  UNTIL_FENCING,
  about,
  after,
  alive,
  concluded,
  consulted,
  consulting,
  evacuated,
  fenced,
  forbidden,
  recover,
  reportOf,
  started,
  stopped,
  suspended,
  unfenced,
  type Word,
} from './stage.ts'

/** All children that may work for it. */
const ALL_CHILDREN = ['fence', 'evacuator', 'instance-recovery', 'process-recovery'].map(
  (kind) => `${kind}/${N1}`,
)
const DISABLED = { segment: segmentRow({ enabled: false }) }
const running = reportOf(N1, H1, { status: 'running' })
const held = [recover(running), consulted(running, DISABLED)]
const PAUSED = { kind: 'paused', reason: 'paused by alice: lunch' } as const
const decideLater = timer<RecoveryMessage>('decide', 35_000, { type: 'recovery.decide-due' })

test('a notification is decided after everything was read again', (t) => {
  const { effects, phaseOf } = after(recover())
  t.is(phaseOf(), 'deciding')
  t.deepEqual(consulting(effects), [N1])
})

test('a repeated notification is one recovery', (t) => {
  const { effects, stage } = after(recover(), recover())
  t.deepEqual(effects, [])
  t.is(stage.recoveries.size, 1)
})

test('a notification that its observers contradict is ignored without a decision', (t) => {
  t.deepEqual(concluded(after(recover(reportOf(), 'alive')).effects), ['ignored: alive'])
})

test('a host is fenced only after its notification is stored as running', (t) => {
  const { effects, phaseOf } = after(recover(), consulted())
  t.is(phaseOf(), 'admitting')
  t.deepEqual(
    effects.map(({ type }) => type),
    ['recovery.admit'],
  )
  t.deepEqual(started(after(...UNTIL_FENCING).effects), ['fence/notification-1'])
})

test('a fence gets the host, the evidence, and the address for its reply', (t) => {
  const start = after(...UNTIL_FENCING).effects.find(({ type }) => type === 'child.start')
  t.like(start, {
    argument: {
      notification: N1,
      host: H1,
      hostName: ONE,
      epoch: 7,
      evidence: ['reported'],
      rungs: RULES.rungs,
      lastResort: null,
      bmcs: [],
      replyTo: { address: `recovery/${N1}` },
    },
  })
})

test('an earlier attempt is stopped before the next fence is started', (t) => {
  t.deepEqual(stopped(after(...UNTIL_FENCING).effects), ALL_CHILDREN)
})

test('a second admission starts nothing', (t) => {
  t.deepEqual(after(...UNTIL_FENCING, about('recovery.admitted')).effects, [])
})

test('a confirmed fence starts the evacuation', (t) => {
  const { effects, phaseOf, known } = after(...UNTIL_EVACUATING)
  t.is(phaseOf(), 'evacuating')
  t.true(known()?.certified)
  t.deepEqual(started(effects), ['evacuator/notification-1'])
})

test('a second confirmation starts no second evacuation', (t) => {
  t.deepEqual(after(...UNTIL_EVACUATING, fenced()).effects, [])
})

test('an evacuation without failures finishes the recovery', (t) => {
  const { effects, phaseOf } = after(...UNTIL_EVACUATING, evacuated(0))
  t.is(phaseOf(), 'concluding')
  t.deepEqual(concluded(effects), ['finished: 2 instances moved, 0 failed, 1 ignored'])
})

test('a concluded recovery is stopped and forgotten', (t) => {
  const { stage } = after(...UNTIL_EVACUATING, evacuated(0), about('recovery.concluded'))
  t.is(stage.state.recoveries.size, 0)
  t.is(stage.recoveries.size, 0, 'the kernel stops what is below it')
})

test('an unconfirmed fence is tried again', (t) => {
  const { phaseOf, known } = after(...UNTIL_FENCING, unfenced('fence.unconfirmed'))
  t.is(phaseOf(), 'suspending')
  t.false(known()?.certified)
})

test('a recovery whose fence is abandoned is ignored, with the reason', (t) => {
  const { effects } = after(...UNTIL_FENCING, unfenced('fence.abandoned'))
  t.deepEqual(concluded(effects), ['ignored: because'])
})

test('a recovery whose fence is refused is decided again at once: it may have to wait, or end', (t) => {
  t.is(after(...UNTIL_FENCING, unfenced('fence.refused')).phaseOf(), 'deciding')
})

test('a held recovery has its reason and is decided again later', (t) => {
  const { effects, phaseOf } = after(...held)
  t.is(phaseOf(), 'held')
  t.like(effects[0], { type: 'recovery.note-held', reason: 'the segment is disabled' })
  t.like(effects[1], decideLater)
  t.is(after(...held, about('recovery.decide-due')).phaseOf(), 'deciding')
})

test('a notification that ended meanwhile is forgotten', (t) => {
  const { stage } = after(recover(), consulted(reportOf(N1, H1, { status: 'finished' })))
  t.is(stage.state.recoveries.size, 0)
  t.is(after(recover(), consulted(), about('recovery.gone')).stage.recoveries.size, 0)
})

test('a certificate of an earlier leader is still valid', (t) => {
  const story = [recover(running), consulted(running, { certificate: certificateRow() })]
  t.true(after(...story).known()?.certified)
})

test('a second notification waits until the first is admitted', (t) => {
  const two = [recover(), recover(reportOf(N2, H2))]
  t.is(after(...two).phaseOf(N2), 'queued')
  t.is(after(...two, consulted()).phaseOf(N2), 'queued')
  const { effects, phaseOf } = after(...two, consulted(), about('recovery.admitted'))
  t.is(phaseOf(N2), 'deciding')
  t.deepEqual(consulting(effects), [N2])
})

const end = (status: FaultOutcome): Word => ({
  to: N1,
  message: { type: 'fault.concluded', notification: N1, reason: 'because', status },
})

test('a guest that died is restarted, and the recovery ends with it', (t) => {
  const guest = reportOf(N1, H1, {
    type: 'VM',
    payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: I1 },
  })
  const story = [recover(guest), consulted(guest), about('recovery.admitted')]
  const { effects } = after(...story)
  t.like(effects.at(-1), {
    kind: 'instance-recovery',
    name: N1,
    argument: { instance: I1, epoch: 7 },
  })
  t.deepEqual(concluded(after(...story, end('finished')).effects), ['finished: because'])
  t.deepEqual(concluded(after(...story, end('ignored')).effects), ['ignored: because'])
  t.is(after(...story, end('error')).phaseOf(), 'suspending')
  t.deepEqual(after(...story, alive()).effects, [])
})

test('evidence of life reaches the fence', (t) => {
  const [abandon, ...others] = after(...UNTIL_FENCING, alive()).effects
  t.like(abandon, {
    type: 'tell',
    to: 'fence/notification-1',
    message: { type: 'fence.abandon', reason: 'seen alive' },
  })
  t.deepEqual(others, [])
})

for (const [phase, story] of [
  ['deciding', [recover()]],
  ['held', held],
  ['pausing', [...UNTIL_FENCING, unfenced('fence.unconfirmed'), suspended()]],
] as const) {
  test(`evidence of life ends a recovery that is ${phase}`, (t) => {
    const { effects, phaseOf } = after(...story, alive())
    t.deepEqual(concluded(effects), ['ignored: seen alive'])
    t.is(phaseOf(), 'concluding')
  })
}

test('evidence of life ends a recovery that waits for its turn', (t) => {
  const { effects, phaseOf } = after(recover(), recover(reportOf(N2, H2)), alive(H2))
  t.deepEqual(concluded(effects), ['ignored: seen alive'])
  t.is(phaseOf(N2), 'concluding')
})

test('evidence of life does not end a recovery that an earlier leader may have certified', (t) => {
  t.deepEqual(after(recover(running), alive()).effects, [])
  t.deepEqual(
    after(recover(), recover(reportOf(N2, H2, { status: 'error' })), alive(H2)).effects,
    [],
  )
})

test('evidence of life comes too late when death is certified', (t) => {
  t.deepEqual(after(...UNTIL_EVACUATING, alive()).effects, [])
  t.deepEqual(after(...UNTIL_EVACUATING, evacuated(1), alive()).effects, [])
})

test('evidence of life of another host changes nothing', (t) => {
  t.deepEqual(after(...held, alive(H2)).effects, [])
})

for (const [what, late] of Object.entries({
  'its timer': about('recovery.decide-due'),
  'what it read': consulted(),
  'its admission': about('recovery.admitted'),
})) {
  test(`a recovery that is being concluded is not started again by ${what}`, (t) => {
    const { effects, phaseOf } = after(...held, alive(), late)
    t.is(phaseOf(), 'concluding')
    t.deepEqual(effects, [])
  })
}

const ids = fc.constantFrom(N1, N2)
const words = fc.oneof(
  ids.map((id) => recover(reportOf(id, H1))),
  ids.map((id) => recover(reportOf(id, H2))),
  ids.map((id) => consulted(reportOf(id))),
  ids.map((id) => consulted(reportOf(id), DISABLED)),
  fc
    .tuple(
      fc.constantFrom(
        'recovery.admitted' as const,
        'recovery.gone' as const,
        'recovery.decide-due' as const,
        'recovery.concluded' as const,
      ),
      ids,
    )
    .map(([type, id]) => about(type, id)),
  ids.map((id) => fenced(id)),
  ids.map((id) => unfenced('fence.unconfirmed', id)),
  ids.map((id) => unfenced('fence.refused', id)),
  ids.map((id) => forbidden(id)),
  ids.map((id) => suspended(id)),
  ids.map((id) => recover(reportOf(id), null, { control: PAUSED })),
  ids.map((id) => consulted(reportOf(id), { control: PAUSED })),
  fc.tuple(fc.constantFrom(0, 1), ids).map(([failed, id]) => evacuated(failed, id)),
  fc.constantFrom(alive(H1), alive(H2)),
)
/** Stories from every phase of a recovery. */
const stories = fc
  .tuple(
    fc.constantFrom([], held, UNTIL_FENCING, UNTIL_EVACUATING),
    fc.array(words, { maxLength: 30, size: 'max' }),
  )
  .map(([begun, rest]) => [...begun, ...rest])

test('whatever a segment receives, it decides about one notification at a time', (t) => {
  holds(
    t,
    fc.property(stories, (story) => {
      const { kinds } = after(...story).stage
      return kinds.filter((kind) => kind === 'deciding' || kind === 'admitting').length <= 1
    }),
  )
})

test('no evacuation starts before its host is fenced', (t) => {
  holds(
    t,
    fc.property(stories, (story) => {
      const confirmed = new Set<string>()
      const { chapters } = after(...story)
      return story.every((word, index) => {
        if ('to' in word && word.message.type === 'fence.confirmed') confirmed.add(word.to)
        return started(chapters[index] ?? [])
          .filter((child) => child.startsWith('evacuator/'))
          .every((child) => confirmed.has(child.slice('evacuator/'.length)))
      })
    }),
    { numRuns: 500 },
  )
})
