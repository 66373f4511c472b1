/** Tells a dedup window what happens, with what observers say at that moment, as its performers do. */
import { dedupWindow } from '../../../actors/dedup-window/dedup-window.ts'
import {
  EMPTY_WINDOW,
  type DedupWindowMessage,
  type DedupWindowState,
  type WindowEffect,
  type WindowRules,
} from '../../../actors/dedup-window/window-state.ts'
import type { Observation } from '../../../actors/ports/observations.ts'
import { refOf } from '../../../actors/registry.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { H1 } from '../records.ts'

type WithoutObservations<Message> = Message extends unknown ? Omit<Message, 'observations'> : never

/** A message before the performer adds what observers say. */
export type Happening = WithoutObservations<DedupWindowMessage>

/** What an observer said. */
export type Spoken = Happening & { readonly type: 'window.observed' }

/** A window, and what was said until now. */
export interface Moment {
  readonly state: DedupWindowState
  readonly spoken: readonly Spoken[]
  /** All that was asked for on the way here from the moment before. */
  readonly effects: readonly WindowEffect[]
}

/** A window that has listened for long enough. */
export const SETTLED: Moment = {
  state: { ...EMPTY_WINDOW, settled: true },
  spoken: [],
  effects: [],
}

/** One that has just begun. */
export const JUST_BEGUN: Moment = { ...SETTLED, state: EMPTY_WINDOW }

/** Leads from one moment to another. */
export const windowOf = (rules: WindowRules) => {
  const behaviour = dedupWindow(rules, refOf('leader', '7'))
  return (happenings: readonly Happening[], from: Moment = SETTLED): Moment => {
    let { state, spoken } = from
    const effects: WindowEffect[] = []
    for (const happening of happenings) {
      if (happening.type === 'window.observed') spoken = [...spoken, happening]
      const [next, more] = behaviour(state, withObservations(happening, spoken, rules.freshMs))
      state = next
      effects.push(...more)
    }
    return { state, spoken, effects }
  }
}

function withObservations(
  happening: Happening,
  spoken: readonly Spoken[],
  freshMs: number,
): DedupWindowMessage {
  const of = (host: string, nowMs: number) => observationsAt(spoken, { host, nowMs, freshMs })
  switch (happening.type) {
    case 'window.observed':
      return { ...happening, observations: of(happening.observed.host, happening.atMs) }
    case 'window.host-looked':
      return { ...happening, observations: of(happening.host, happening.atMs) }
    case 'window.looked':
      return { ...happening, observations: new Map([[H1, of(H1, happening.atMs)]]) }
    default:
      return happening
  }
}

/** What the leader would know of the host by then. */
export function observationsAt(
  spoken: readonly Spoken[],
  {
    host,
    nowMs,
    freshMs,
  }: { readonly host: string; readonly nowMs: number; readonly freshMs: number },
): readonly Observation[] {
  const clock = new SetClock()
  const observations = new HostObservations(clock, freshMs)
  for (const { observed, atMs } of spoken) {
    clock.nowMs = atMs
    observations.note(observed.host, observed)
  }
  clock.nowMs = nowMs
  return observations.of(host)
}

class SetClock extends VirtualClock {
  nowMs = 0

  override monotonicMs(): number {
    return this.nowMs
  }
}
