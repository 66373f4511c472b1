/** Whether the guest of a moved instance is back; it is shown with its move since 1.4. */
import { Type, type Static } from 'typebox'
import type { VmMove } from '../../schema/records.ts'
import { timeText } from './times.ts'

const NullableString = Type.Union([Type.String(), Type.Null()])

/**
 * `state` is `not_heard`, `agent`, `running` or `not_expected`; `heard_at` is when the guest was heard; `reason` says why it counts as
 * back, or why nothing was heard. Null for a move that has not succeeded.
 */
export const GuestView = Type.Union([
  Type.Object({ state: Type.String(), heard_at: NullableString, reason: NullableString }),
  Type.Null(),
])

/** The guest of a move, as operators see it. */
export function guestView({ guest }: Pick<VmMove, 'guest'>): Static<typeof GuestView> {
  if (guest === null) return null
  const { state, at, reason } = guest
  const isHeard = state === 'agent' || state === 'running'
  return {
    state,
    heard_at: isHeard && at !== null ? timeText(at) : null,
    reason: reason ?? 'not heard yet',
  }
}

/** The same for the owner of the instance. How well its host is watched concerns operators only. */
export function ownersGuestView(move: Pick<VmMove, 'guest'>): Static<typeof GuestView> {
  const view = guestView(move)
  return view?.state === 'not_heard' ? { ...view, reason: null } : view
}
