/** Every line of the log about a decision, with its level. `ops/docs/log.md` explains each of them, and a spec compares the two. */
import type { WireBody } from '../../schema/messages/catalogue.ts'
import type { AnnouncedStep } from '../../schema/messages/recovery.ts'

/** One kind of line. */
export interface Line {
  readonly level: 'info' | 'warn' | 'error'
  readonly text: string
}

const line = (level: Line['level'], text: string): Line => ({ level, text })

/** By what happens to the lease holder. */
export const LEADERSHIP = {
  won: line('info', 'this engine leads'),
  lost: line('warn', 'this engine does not lead any more'),
  'given up': line('info', 'this engine has given leadership up'),
  'no epoch': line('warn', 'this engine has the lease, and the store gives it no epoch'),
} as const

/** What a recovery announces. */
export const STEPS: Readonly<Record<AnnouncedStep, Line>> = {
  running: line('info', 'the recovery acts'),
  held: line('warn', 'the recovery is held'),
  fence: line('warn', 'a rung of the fence plan has failed'),
  fenced: line('info', 'the host is certainly dead, and the certificate is stored'),
  isolated: line('info', 'the compute service is disabled and forced down'),
  planned: line('info', 'the moves are planned'),
  'spare-taken': line('info', 'a spare is activated'),
  waiting: line('warn', 'the evacuation waits'),
  error: line('warn', 'an attempt of the recovery has failed'),
  finished: line('info', 'the recovery has finished'),
  failed: line('error', 'the recovery has failed'),
  ignored: line('info', 'the recovery ends without a need to act'),
  start: line('info', 'an instance that was left on its host is started'),
  return: line('info', 'the return of the host goes on, or waits'),
  'give-back': line('info', 'a change of the recovery is undone, or stays'),
}
/** Announced again and again while nothing changes: only the first one of equal ones is written. */
export const REPEATED: readonly AnnouncedStep[] = ['held', 'waiting', 'return', 'give-back']

/** What a move announces, by its status. */
export const MOVES: Readonly<Record<string, Line>> = {
  ongoing: line('info', 'a move begins'),
  succeeded: line('info', 'a move has succeeded'),
  failed: line('warn', 'a move has failed'),
  ignored: line('info', 'an instance is not moved'),
}
/** Any other status. */
export const MOVE_CHANGED = line('info', 'a move has changed')

/** Whether the guest of a move that has succeeded was heard. */
export const GUESTS: Readonly<Record<WireBody<'guest.followed'>['state'], Line>> = {
  agent: line('info', 'the guest of a moved instance is back'),
  running: line('info', 'the guest of a moved instance is back'),
  not_expected: line('info', 'nothing is expected of the guest'),
  not_heard: line('warn', 'the guest of a moved instance was not heard'),
}

/** What this observer says of a host, when it says something else than before. */
export const HOSTS: Readonly<Record<WireBody<'host.observed'>['state'], Line | undefined>> = {
  alive: line('info', 'a host is seen alive'),
  suspect: line('info', 'a host is suspect'),
  dead: line('warn', 'a host is seen dead'),
  misconfigured: line('warn', 'a host refuses the credentials of this observer'),
  maintenance: line('info', 'a host in maintenance does not answer'),
  /** The line about the observer tells it once for all of its hosts. */
  blind: undefined,
}

/** Faults that are handed to the engine, when the bus has stored them. */
export const FAULTS = {
  'guest.failed': line('info', 'a fault of a guest is reported'),
  'host.failed': line('info', 'a host that Compute calls failed is reported'),
} as const

/** Changes of an actor's state that are decisions and are not announced: by kind, `from > to`. A star is any state; without a kind, any actor. */
export const TURNS: Readonly<Record<string, Line>> = {
  'fence: idle > climbing': line('info', 'the fence begins'),
  'fence: * > unfenced': line('warn', 'the host could not be made certainly dead'),
  'observer: sighted > blind': line('warn', 'this observer is blind, and reports no host dead'),
  'observer: blind > sighted': line('info', 'this observer sees again'),
  '* > given-up': line('error', 'an actor has crashed too often and is given up for a while'),
}

/** Every line, for the page that explains them. */
export const LINES: readonly Line[] = [
  ...Object.values(LEADERSHIP),
  ...Object.values(STEPS),
  ...Object.values(MOVES),
  MOVE_CHANGED,
  ...Object.values(GUESTS),
  ...Object.values(HOSTS).filter((each) => each !== undefined),
  ...Object.values(FAULTS),
  ...Object.values(TURNS),
]
