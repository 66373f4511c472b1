/**
 * Which worlds are the same for the model: times count from now, and one that is long past counts as just past; revisions and
 * epochs are only compared, so their order is kept and not their values. So there are finitely many.
 */
import { TIMING, type World } from './leadership-model.ts'

type Engine = World['engines'][number]

const OLD = -(TIMING.ttlMs + TIMING.marginMs + 1)

/** Equal for worlds that behave equally. */
export function keyOf(world: World): string {
  const { now, lease, engines } = world
  const past = (at: number): number => Math.max(OLD, at - now)
  const due = (at: number): number => Math.max(0, at - now)
  const revision = ranks([
    lease?.revision ?? 0,
    ...engines.flatMap(({ state, calls, ghost }) => [
      'revision' in state ? state.revision : 0,
      ...calls.flatMap((call) => [call.of, call.revision]),
      ghost !== null && 'revision' in ghost ? ghost.revision : 0,
    ]),
  ])
  const epoch = ranks([
    world.epoch,
    ...engines.flatMap(({ state, term, claim, act }) => [
      'epoch' in state ? state.epoch : 0,
      term?.epoch ?? 0,
      typeof claim === 'number' ? claim : 0,
      act?.epoch ?? 0,
    ]),
  ])
  const ofState = ({ state, term }: Engine): readonly unknown[] => [
    state.kind,
    ...('revision' in state ? [revision(state.revision), past(state.startedAtMs)] : []),
    ...('epoch' in state ? [epoch(state.epoch)] : []),
    ...(term !== null && term.until > now ? ['t', epoch(term.epoch), term.until - now] : []),
  ]
  const ofCall = (call: Engine['calls'][number]): readonly unknown[] => [
    call.kind,
    call.stage,
    revision(call.of),
    revision(call.revision),
    past(call.startedAt),
    call.overtaken ? 1 : 0,
  ]
  const ofEngine = (engine: Engine): string => {
    const { timers, calls, claim, act, ghost } = engine
    const dues = ['campaign', 'renew', 'own-clock'].map((name) => timers[name])
    return [
      ...ofState(engine),
      ...dues.map((at) => (at === undefined ? '' : due(at))),
      ...calls.flatMap(ofCall),
      'c',
      typeof claim === 'number' ? epoch(claim) : claim,
      ...(act === null ? [] : ['a', epoch(act.epoch), act.stored ? 1 : 0]),
      ...(ghost === null
        ? []
        : ['g', ghost.kind, 'revision' in ghost ? revision(ghost.revision) : '']),
    ].join(',')
  }
  const held =
    lease === null ? 'free' : [lease.by, revision(lease.revision), past(lease.writtenAt)].join(',')
  return [held, epoch(world.epoch), ...engines.map(ofEngine)].join('|')
}

/** The rank of each of the numbers; zero and -1 keep their values. */
function ranks(numbers: readonly number[]): (value: number) => number {
  const sorted = [...new Set(numbers)].filter((value) => value > 0).toSorted((a, b) => a - b)
  return (value) => (value > 0 ? sorted.indexOf(value) + 1 : value)
}
