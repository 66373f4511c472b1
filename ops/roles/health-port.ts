/** The port on which a process tells of its health and its metrics. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildHealthServer, type HealthServerDependencies } from '../../gateway/health-server.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Config } from '../../schema/config.ts'
import { describeError } from '../../schema/errors.ts'

/** Between two tries to take a port that is in use, by an earlier process that still ends. */
const AGAIN_MS = 10_000

export interface HealthPort extends AsyncDisposable {
  /** Its address; undefined while it does not listen. */
  address(): string | undefined
}

/**
 * Begins to listen. A port that cannot be taken keeps no engine from its work: it is one line of the
 * log, and it is tried again and again.
 */
export function openHealthPort(
  { enabled, listen, port }: Config['health'],
  dependencies: HealthServerDependencies & { readonly log: LogPort },
): HealthPort {
  const ending = new AbortController()
  let app: FastifyInstance | undefined
  let address: string | undefined
  const open = async (): Promise<void> => {
    for (let tries = 1; !ending.signal.aborted; tries += 1) {
      app = buildHealthServer(dependencies)
      try {
        address = await app.listen({ host: listen, port })
        dependencies.log.info({ address }, 'health and metrics are served')
        return
      } catch (error) {
        const fields = { listen, port, error: describeError(error) }
        if (tries === 1) dependencies.log.warn(fields, 'health and metrics cannot be served')
        await app.close()
      }
      await sleep(AGAIN_MS, undefined, { ref: false, signal: ending.signal }).catch(() => undefined)
    }
  }
  if (enabled && !isLoopback(listen)) {
    const risk =
      'everybody who reaches this port reads the names of hosts and the reasons of recoveries'
    dependencies.log.warn({ listen, port }, risk)
  }
  const opening = enabled ? open() : undefined
  return {
    address: () => address,
    async [Symbol.asyncDispose]() {
      ending.abort()
      await opening
      await app?.close()
    },
  }
}

const isLoopback = (listen: string): boolean =>
  listen === 'localhost' || listen === '::1' || listen.startsWith('127.')
