/** The meaning of MySQL's, MariaDB's, Galera's and mysql2's errors for the store. */
import type { SqlFailure } from './transactions.ts'

/** Another transaction was first. The same transaction may succeed when it runs again. */
const CONFLICTS = [
  1020, // record has changed since last read (MariaDB ≥ 11.6)
  1180, // error during commit (Galera)
  1205, // lock wait timeout
  1213, // deadlock, or Galera's certification failed
]

/** The server answers, but cannot serve us at present. */
const UNAVAILABLE = [
  1040, // too many connections
  1044, // no access to the database
  1045, // access denied
  1047, // this Galera node is not ready
  1049, // no such database
  1053, // shutting down
  1129, // our address is blocked
  1146, // no such table: not migrated yet
  1203, // too many connections of this user
  1226, // this user's resources are used up
  1317, // query interrupted
  1927, // connection was killed
  1969, // statement timeout (MariaDB)
  3024, // statement timeout (MySQL)
]

/** The disk is full; also every error that quotes errno 28 of the server's system. */
const FULL = [1021, 1114]
const NO_SPACE = /\b(?:errno|error):? 28\b|no space left on device/i

const READ_ONLY = [
  1290, // --read-only
  1792, // read-only transaction
  1836, // read-only mode
]

/**
 * The account may not run the statement. An account that may not use the database at all (1044,
 * 1045) counts as unavailable.
 */
const DENIED = [
  1142, // this command on this table
  1143, // on this column
  1227, // without a global privilege
]

const DUPLICATE_KEY = 1062

/** Errors of the pool itself, which have no code. */
const POOL = ['Pool is closed.', 'Queue limit reached.']

const KINDS: readonly (readonly [SqlFailure, readonly number[]])[] = [
  ['duplicate', [DUPLICATE_KEY]],
  ['conflict', CONFLICTS],
  ['full', FULL],
  ['read-only', READ_ONLY],
  ['denied', DENIED],
  ['unavailable', UNAVAILABLE],
]

function kindOf(errno: number, message: string): SqlFailure | undefined {
  const known = KINDS.find(([, numbers]) => numbers.includes(errno))?.[0]
  return (known ?? 'unavailable') === 'unavailable' && NO_SPACE.test(message) ? 'full' : known
}

/** undefined for errors of ours: wrong SQL, values that do not fit. */
export function failureOf(error: unknown): SqlFailure | undefined {
  if (!(error instanceof Error)) return undefined
  if ('errno' in error && typeof error.errno === 'number' && 'sqlState' in error) {
    const known = kindOf(error.errno, error.message)
    return known ?? (isFatal(error) ? 'unavailable' : undefined)
  }
  return isFatal(error) || POOL.includes(error.message) ? 'unavailable' : undefined
}

/**
 * The connection is lost, or was never open: ECONNREFUSED, PROTOCOL_CONNECTION_LOST, an untrusted
 * certificate, …
 */
const isFatal = (error: Error): boolean =>
  ('fatal' in error && error.fatal === true) ||
  ('code' in error && typeof error.code === 'string' && /^(E[A-Z]+$|PROTOCOL_)/.test(error.code))
