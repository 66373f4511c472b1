/** Knows which guests run on this compute host, and keeps one instance-watcher for each. */
import type { InstanceId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'

export type GuestListMessage =
  | { readonly type: 'guests.begin' } // first message, and our own timer
  | { readonly type: 'guests.listed'; readonly guests: readonly InstanceId[] } // private

export interface GuestListState {
  readonly kind: 'listing'
  readonly guests: ReadonlySet<InstanceId>
}

export type GuestListEffect = { readonly type: 'guests.list' }

type GuestListStep = Step<GuestListState, GuestListEffect | KernelEffect<GuestListMessage>>

export const NO_GUESTS: GuestListState = { kind: 'listing', guests: new Set() }

export const guestList =
  (listIntervalMs: number) =>
  (state: GuestListState, message: GuestListMessage): GuestListStep => {
    switch (message.type) {
      case 'guests.begin':
        return [state, [{ type: 'guests.list' }]]
      case 'guests.listed':
        return onListed(listIntervalMs, state, message.guests)
      default:
        return assertNever(message)
    }
  }

function onListed(
  listIntervalMs: number,
  state: GuestListState,
  listed: readonly InstanceId[],
): GuestListStep {
  const guests = new Set(listed)
  const started = listed.filter((guest) => !state.guests.has(guest))
  const ended = [...state.guests].filter((guest) => !guests.has(guest))
  return [
    { ...state, guests },
    [
      ...started.map(
        (name) => ({ ...watcher(name), type: 'child.start', argument: name }) as const,
      ),
      ...ended.map((name) => ({ ...watcher(name), type: 'child.stop' }) as const),
      {
        type: 'timer.start',
        name: 'list',
        afterMs: listIntervalMs,
        message: { type: 'guests.begin' },
      },
    ],
  ]
}

const watcher = (name: InstanceId): { readonly kind: string; readonly name: string } => ({
  kind: 'instance-watcher',
  name,
})
