/**
 * Computes how many connections to the database `max_pool_size` and `max_overflow` allow, with
 * their meaning in SQLAlchemy. Pure.
 */
import type { Config } from '../schema/config.ts'
import type { ConnectionLimits } from '../transports/sql/mysql.ts'

/** A write that waits for the lock of another write needs a second connection. */
const CONNECTIONS_MIN = 2
const CONNECTIONS_MAX = 100

/** A size of 0 or an overflow of -1 means no limit. */
export function connectionLimits({
  poolSize,
  poolOverflow,
}: Pick<Config['store'], 'poolSize' | 'poolOverflow'>): ConnectionLimits {
  const isUnlimited = poolSize === 0 || poolOverflow === -1
  const wanted = isUnlimited ? CONNECTIONS_MAX : poolSize + poolOverflow
  const max = Math.min(CONNECTIONS_MAX, Math.max(CONNECTIONS_MIN, wanted))
  return { kept: poolSize === 0 ? max : Math.min(poolSize, max), max }
}
