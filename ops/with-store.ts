/** Runs the part of a command that needs the configured store, and says what keeps it from running. */
import type { StorePort } from '../actors/ports/store.ts'
import type { Config } from '../schema/config.ts'
import { describeError, isCoded, isRefusal } from '../schema/errors.ts'
import { createLogger } from '../transports/log/logger.ts'
import { SystemClock } from '../transports/system/clock.ts'
import { SystemRandom } from '../transports/system/random.ts'
import { describeProblems, loadConfig } from './load-config.ts'
import { openStore } from './ports.ts'

/** What the part is given. */
export interface StoreWork {
  readonly config: Config
  readonly store: StorePort
  readonly clock: SystemClock
}

/** Answers the exit status: 0 done; 1 the store is away; 2 the configuration cannot be used. */
export async function withStore(
  file: string | undefined,
  work: (given: StoreWork) => Promise<void>,
): Promise<number> {
  if (file === undefined) {
    process.stderr.write('name the configuration: --config FILE\n')
    return 2
  }
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
    const store = openStore(config, ambient)
    await store.migrate()
    await work({ config, store, clock })
    return 0
  } catch (error) {
    if (!isCoded(error)) throw error
    process.stderr.write(`${describeError(error)}\n`)
    return isRefusal(error) ? 2 : 1
  }
}
