/** One instance that Nova does not start keeps nobody from starting the others, and is not asked for again. */
import test from 'ava'
import { restartOnReturn } from '../../../actors/reconciler/perform-restart.ts'
import type { ReconcilerWorld } from '../../../actors/reconciler/reconciler-world.ts'
import { LeadershipTerm } from '../../../actors/leadership/leadership-term.ts'
import type { Grant } from '../../../actors/ports/grant.ts'
import { CodedError } from '../../../schema/errors.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { openPeriodic } from '../periodic-stage.ts'
import { EPOCH, I1, I2, instanceRow, M1, M2, moveRow, ONE } from '../records.ts'

const refuse = async (): Promise<never> => Promise.reject(new Error('not asked for here'))

interface Answers {
  readonly grant?: Grant
  readonly start?: (instance: string) => void
  /** What becomes of the term between the intent and the start. */
  readonly meanwhile?: (term: LeadershipTerm) => void
}

/** The actor, and what was asked of Nova and written down, in their order. */
async function scene(answers: Answers) {
  const told: string[] = []
  const clock = new VirtualClock()
  const term = new LeadershipTerm(clock)
  term.hold(EPOCH, Number.POSITIVE_INFINITY)
  const stopped = { host: ONE, vmState: 'stopped', powerState: 4 }
  const world: ReconcilerWorld = {
    clock,
    term,
    announcer: {
      announce: (_type, body) => void ('reason' in body && told.push(`announced: ${body.reason}`)),
      submit: refuse,
    },
    store: {
      listGivenUp: refuse,
      recordLateCompletion: refuse,
      listLeftStopped: async () => [
        moveRow({ uuid: M1, instance: I1 }),
        moveRow({ uuid: M2, instance: I2 }),
      ],
      recordStart: async (_epoch, move) => {
        told.push(`intent ${move}`)
        answers.meanwhile?.(term)
        return answers.grant ?? { kind: 'granted' }
      },
      appendJournal: async (_epoch, { subject, detail }) => void told.push(`${subject}: ${detail}`),
    },
    compute: {
      listEvacuations: refuse,
      getInstance: refuse,
      listInstances: async () => [
        instanceRow({ id: I1, ...stopped }),
        instanceRow({ id: I2, ...stopped }),
      ],
      listActions: async () => [{ action: 'stop', user: null, startedAt: 10 ** 13 }],
      start: async (instance) => {
        told.push(`start ${instance}`)
        answers.start?.(instance)
      },
    },
  }
  return { ...(await openPeriodic([restartOnReturn(world, EPOCH)])), told }
}

test('each is written down before it is started', async (t) => {
  const { wake, told } = await scene({})
  await wake()
  const reason = 'announced: it ran before the fault and was left on a host that is back'
  t.deepEqual(told, [`intent ${M1}`, `start ${I1}`, reason, `intent ${M2}`, `start ${I2}`, reason])
})

test('what operators forbid is not started', async (t) => {
  const { wake, told } = await scene({ grant: { kind: 'refused', reason: 'all is stopped' } })
  await wake()
  t.deepEqual(told, [`intent ${M1}`, `intent ${M2}`])
})

test('an engine whose lease has ended starts nothing, and the actor crashes', async (t) => {
  const { wake, told, line } = await scene({ meanwhile: (term) => term.end() })
  await wake()
  t.deepEqual(told, [`intent ${M1}`])
  t.regex(line()?.lastError ?? '', /^STALE_EPOCH/)
})

test('who is refused is explained and not asked for again; the others are started', async (t) => {
  const { wake, told } = await scene({
    start: (instance) => {
      if (instance === I1) throw new CodedError('COMPUTE_REFUSED', 'Its volume is gone.')
    },
  })
  await wake()
  t.deepEqual(
    told.filter((line) => !line.startsWith('announced')),
    [
      `intent ${M1}`,
      `start ${I1}`,
      `${I1}: COMPUTE_REFUSED: Its volume is gone.`,
      `intent ${M2}`,
      `start ${I2}`,
    ],
  )
  await wake()
  t.is(told.filter((line) => line === `start ${I1}`).length, 1)
})

test('while Nova is away nothing is taken for settled', async (t) => {
  const { wake, told, line } = await scene({
    start: () => {
      throw new CodedError('COMPUTE_UNAVAILABLE', 'Nobody listens.')
    },
  })
  await wake()
  await wake()
  t.deepEqual(told, [`intent ${M1}`, `start ${I1}`, `intent ${M1}`, `start ${I1}`])
  t.is(line()?.lastError, null)
})
