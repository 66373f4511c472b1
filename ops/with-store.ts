/** Runs the part of a command that needs the configured store, and reports why it cannot run. */
import { existsSync } from 'node:fs'
import type { StorePort } from '../actors/ports/store.ts'
import type { Config } from '../schema/config.ts'
import { describeError, isCoded, isRefusal } from '../schema/errors.ts'
import { createLogger } from '../transports/log/logger.ts'
import { SystemClock } from '../transports/system/clock.ts'
import { SystemRandom } from '../transports/system/random.ts'
import { describeProblems, loadConfig } from './load-config.ts'
import { openStore } from './ports.ts'
import { refuseUntrusted, trustedPaths } from './trusted-files.ts'

/** What that part receives. */
export interface StoreWork {
  readonly config: Config
  readonly store: StorePort
  readonly clock: SystemClock
}

/**
 * Returns the exit status: 0 done; 1 the store is not available; 2 the configuration cannot be
 * used. `untouched`: nothing is migrated, and no file of a database is made.
 */
export async function withStore(
  file: string,
  work: (given: StoreWork) => Promise<void>,
  tables: 'migrated' | 'untouched' = 'migrated',
): Promise<number> {
  const loaded = loadConfig(file)
  if (loaded.kind === 'invalid') {
    process.stderr.write(`${describeProblems(loaded.problems)}\n`)
    return 2
  }
  const { config } = loaded
  const clock = new SystemClock()
  await using closing = new AsyncDisposableStack()
  try {
    const ambient = { clock, random: new SystemRandom(), log: createLogger('error'), closing }
    refuseUntrusted(trustedPaths(config))
    const store = openStore(tables === 'migrated' ? config : withoutNewFile(config), ambient)
    if (tables === 'migrated') await store.migrate()
    await work({ config, store, clock })
    return 0
  } catch (error) {
    if (!isCoded(error)) throw error
    process.stderr.write(`${describeError(error)}\n`)
    return isRefusal(error) ? 2 : 1
  }
}

/** A database in memory stands for a file that does not exist. */
function withoutNewFile(config: Config): Config {
  const { location } = config.store
  if (location.kind !== 'sqlite' || existsSync(location.path)) return config
  return { ...config, store: { ...config.store, location: { kind: 'sqlite', path: ':memory:' } } }
}
