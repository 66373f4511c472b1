/** The phase of a move, and how a move ends. */
import type { HostName } from '../../schema/ids.ts'

export type Phase =
  | { readonly kind: 'pending'; readonly notBeforeMs: number; readonly reason: string | null }
  /** No target has capacity for the instance. */
  | { readonly kind: 'unplaced'; readonly reason: string }
  /** Its preparations, or the request to Nova, are being performed. */
  | { readonly kind: 'requesting' }
  | {
      /** Nova has the request, or may have it. */
      readonly kind: 'ongoing'
      /** When it was requested, by this leader or an earlier one, monotonic ms. */
      readonly requestedAtMs: number
      /** When this process requested it, or took it over, monotonic ms. */
      readonly knownSinceMs: number
      /**
       * accepted: Nova accepted it, or showed a record; begun: Nova's scheduler has found a host.
       */
      readonly nova: 'silent' | 'accepted' | 'begun'
    }
  /** The attempt has failed. The failure is being written, and `next` is the phase after that. */
  | { readonly kind: 'putting-back'; readonly next: Phase & { readonly kind: 'pending' } }
  | {
      readonly kind: 'restoring'
      readonly end: End
      /** When the instance was first read after its move, monotonic ms; null before. */
      readonly sinceMs: number | null
      /** open: Nova has not answered a question or an order yet. */
      readonly step: 'open' | 'none'
      /** Why Nova refused the latest order. */
      readonly problem: string | null
    }
  | { readonly kind: 'settling' }
  | { readonly kind: 'ended'; readonly outcome: End['outcome'] }

export interface End {
  readonly outcome: 'succeeded' | 'failed' | 'ignored'
  readonly dest: HostName | null
  readonly reason: string
}

export type Ongoing = Phase & { readonly kind: 'ongoing' }

/** A request of this process. */
export const ongoingSince = (atMs: number, nova: Ongoing['nova']): Ongoing => ({
  kind: 'ongoing',
  requestedAtMs: atMs,
  knownSinceMs: atMs,
  nova,
})
