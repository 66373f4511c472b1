/** A moved instance whose guest is followed, and lists of its new host. */
import type { HeardList } from '../../../actors/guest-follower/guest-lists.ts'
import type { AwaitedGuest } from '../../../actors/ports/guest-store.ts'
import type { ListedGuest } from '../../../schema/messages/observation.ts'
import { I1, moveRow, TWO } from '../records.ts'

/** It was moved from the first host to the second one. */
export const awaitedRow = (change: Partial<AwaitedGuest> = {}): AwaitedGuest => ({
  ...moveRow({ status: 'succeeded', destHost: TWO, endedAt: 20_000, startedAt: 10_000 }),
  guest: { state: 'not_heard', at: null, reason: null },
  reportedAt: 5000,
  ...change,
})

/** A list that came then, with these guests. */
export const listAt = (atMs: number, ...guests: readonly Partial<ListedGuest>[]): HeardList => ({
  atMs,
  guests: new Map(
    guests.map((guest) => [I1, { instance: I1, runsForMs: 0, agent: 'silent', ...guest }] as const),
  ),
})
