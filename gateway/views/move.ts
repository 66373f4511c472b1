/** The answer's form of an instance's move. */
import { Type, type Static } from 'typebox'
import type { VmMove } from '../../schema/records.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { AttemptView } from './attempts.ts'
import { GuestView, guestView, ownersGuestView } from './guest.ts'
import type { ProjectView } from './project-view.ts'
import { publicMessage, type HostProtections } from './protection.ts'
import type { CallerSight } from './sight.ts'
import { Stamps, stampsOf } from './stamps.ts'
import { timeText } from './times.ts'

const NullableString = Type.Union([Type.String(), Type.Null()])

export const MoveView = Type.Object({
  ...Stamps,
  uuid: Type.String(),
  notification_uuid: Type.String(),
  instance_uuid: Type.String(),
  instance_name: Type.String(),
  source_host: NullableString,
  dest_host: NullableString,
  start_time: NullableString,
  end_time: NullableString,
  type: Type.String(),
  status: Type.String(),
  message: NullableString,
  attempts: Type.Optional(Type.Array(AttemptView)),
  guest: Type.Optional(GuestView),
})

/** Who looks, and with which version of the API. */
interface Viewer {
  readonly sight: CallerSight
  readonly view: ProjectView
  readonly minor: number
}

/** How a caller sees moves. Those of instances of other projects are left out. */
export async function movesSeen(
  moves: readonly VmMove[],
  { sight, view, minor }: Viewer,
): Promise<Static<typeof MoveView>[]> {
  if (moves.length === 0) return []
  const isOurs = minor >= OWN_MINOR
  if (sight.kind === 'everything') {
    return moves.map((move) => ({ ...moveView(move), ...(isOurs && { guest: guestView(move) }) }))
  }
  const own = new Set<string>(await sight.instances())
  const protections = await view.protections()
  return moves
    .filter(({ instance }) => own.has(instance))
    .map((move) => ({
      ...ownersView(move, protections),
      ...(isOurs && { guest: ownersGuestView(move) }),
    }))
}

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeText(ms))

/** What Masakari's version 1.3 has of it. */
const moveView = (move: VmMove): Static<typeof MoveView> => ({
  ...stampsOf(move),
  uuid: move.uuid,
  notification_uuid: move.notification,
  instance_uuid: move.instance,
  instance_name: move.instanceName,
  source_host: move.sourceHost,
  dest_host: move.destHost,
  start_time: timeOrNull(move.startedAt),
  end_time: timeOrNull(move.endedAt),
  type: 'evacuation',
  status: move.status,
  message: move.message,
})

/**
 * What the owner of the instance sees. Compute does not tell owners on which host an instance is.
 */
const ownersView = (move: VmMove, protections: HostProtections): Static<typeof MoveView> => ({
  ...moveView(move),
  source_host: null,
  dest_host: null,
  message: publicMessage(move, protections),
})
