/** Knows which guests run on this compute host, and keeps one instance-watcher for each. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
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

/** A guest where it runs. */
export interface Guest {
  readonly host: HostName
  readonly instance: InstanceId
}

type GuestListStep = Step<GuestListState, GuestListEffect | KernelEffect<GuestListMessage>>

export const NO_GUESTS: GuestListState = { kind: 'listing', guests: new Set() }

/** The behaviour: lists, starts what is new, stops what is gone. */
export const guestList =
  (host: HostName, listIntervalMs: number) =>
  (state: GuestListState, message: GuestListMessage): GuestListStep => {
    switch (message.type) {
      case 'guests.begin':
        return [state, [{ type: 'guests.list' }]]
      case 'guests.listed':
        return onListed({ host, listIntervalMs }, state, message.guests)
      default:
        return assertNever(message)
    }
  }

function onListed(
  { host, listIntervalMs }: { readonly host: HostName; readonly listIntervalMs: number },
  state: GuestListState,
  listed: readonly InstanceId[],
): GuestListStep {
  const guests = new Set(listed)
  const started = listed.filter((guest) => !state.guests.has(guest))
  const ended = [...state.guests].filter((guest) => !guests.has(guest))
  return [
    { ...state, guests },
    [
      ...started.map((instance) => {
        const guest: Guest = { host, instance }
        return { ...watcher(guest), type: 'child.start', argument: guest } as const
      }),
      ...ended.map((instance) => ({ ...watcher({ host, instance }), type: 'child.stop' }) as const),
      {
        type: 'timer.start',
        name: 'list',
        afterMs: listIntervalMs,
        message: { type: 'guests.begin' },
      },
    ],
  ]
}

/** Named after host and instance: an instance that moves is listened to anew. */
const watcher = ({ host, instance }: Guest): { readonly kind: string; readonly name: string } => ({
  kind: 'instance-watcher',
  name: `${host}.${instance}`,
})
