/** What the gateway role is made of: the REST server, and what it needs of the rest of the process. */
import { existsSync } from 'node:fs'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { IdentityPort } from '../../actors/ports/identity.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError } from '../../schema/errors.ts'
import { ObservationBoard } from '../../gateway/observations.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import { buildGateway, type GatewayOptions } from '../../gateway/server.ts'
import type { HealthBoard } from './health.ts'
import { overhear } from './overheard.ts'
import { loadPolicy } from './policy-file.ts'

export interface GatewayWorld {
  readonly bus: BusPort
  readonly store: StorePort
  readonly compute: ComputePort
  readonly identity: IdentityPort | undefined
  readonly announcer: Announcer
  readonly board: HealthBoard
  readonly readiness: readonly ReadinessCheck[]
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: FastifyBaseLogger
}

/** Watchers repeat themselves once an interval; who missed three has stopped. */
const MISSED_MAX = 3

/** Listens; the answer tells where. Rejects when the address is taken, or the policy cannot be used. */
export async function startGateway(
  world: GatewayWorld,
  config: Config,
): Promise<{ readonly app: FastifyInstance; readonly address: string }> {
  const { api, bus, hostMonitor } = config
  const policy = loadPolicy(api.policyFile)
  const options = optionsOf(config)
  const board = new ObservationBoard(world.clock, MISSED_MAX * hostMonitor.intervalMs)
  const overheard = overhear(world.bus, bus.cloud, board)
  const app = buildGateway({
    ...world,
    ...overheard,
    policy,
    announce: ({ uuid, segment }) =>
      world.announcer.submit('notification.accepted', { notification: uuid, segment }, uuid),
    supervisors: () => world.board.all(),
    outOfService: () => existsSync(api.disableFile),
    options,
  })
  app.addHook('onClose', async () => await overheard[Symbol.asyncDispose]())
  const address = await app.listen({ host: api.listen, port: api.port })
  return { app, address }
}

function optionsOf({ api, identity, notifications }: Config): GatewayOptions {
  const publicAuthUrl = identity.publicUrl ?? identity.authUrl
  return {
    maxLimit: api.maxLimit,
    bodyBytesMax: api.bodyBytesMax,
    duplicateWindowMs: notifications.duplicateWindowMs,
    trustProxy: api.trustProxy,
    projectIdPattern: usablePattern(api.projectIdPattern),
    cors: {
      allowedOrigins: api.corsOrigins,
      credentials: api.corsCredentials,
      maxAgeSeconds: api.corsMaxAge,
    },
    ...(publicAuthUrl === undefined ? {} : { publicAuthUrl }),
    ...(api.linkPrefix === undefined ? {} : { linkPrefix: api.linkPrefix }),
  }
}

function usablePattern(pattern: string): string {
  try {
    return new RegExp(pattern).source
  } catch (cause) {
    const text = `[osapi_v1] project_id_regex = ${pattern} is no regular expression`
    throw new CodedError('CONFIG_INVALID', text, { cause })
  }
}
