/** What the gateway role is made of: the REST server, and what it needs of the rest of the process. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { IdentityPort } from '../../actors/ports/identity.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { Config } from '../../schema/config.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import { buildGateway } from '../../gateway/server.ts'
import type { HealthBoard } from './health.ts'

export interface GatewayWorld {
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

/** Listens; the answer tells where. Rejects when the address is taken. */
export async function startGateway(
  world: GatewayWorld,
  { api, identity, notifications }: Config,
): Promise<{ readonly app: FastifyInstance; readonly address: string }> {
  const publicAuthUrl = identity.publicUrl ?? identity.authUrl
  const app = buildGateway({
    ...world,
    announce: ({ uuid, segment }) =>
      world.announcer.submit('notification.accepted', { notification: uuid, segment }, uuid),
    supervisors: () => world.board.all(),
    options: {
      maxLimit: api.maxLimit,
      duplicateWindowMs: notifications.duplicateWindowMs,
      ...(publicAuthUrl === undefined ? {} : { publicAuthUrl }),
      ...(api.linkPrefix === undefined ? {} : { linkPrefix: api.linkPrefix }),
    },
  })
  const address = await app.listen({ host: api.listen, port: api.port })
  return { app, address }
}
