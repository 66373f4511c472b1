/**
 * A gateway on the caller's MariaDB, in its own process, so that the caller can measure it from
 * outside.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EventFeed } from '../../gateway/events/feed.ts'
import { HostObservations } from '../../actors/verification/host-observations.ts'
import { compilePolicy } from '../../gateway/policy/policy.ts'
import { buildGateway } from '../../gateway/server.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { policyInForce } from '../support/policy-in-force.ts'

/** The time that the Identity service takes for one token, ms. */
const VALIDATION_MS = 5

const [host = '', port = '', user = '', password = '', database = ''] = process.argv.slice(2)
const clock = new SystemClock()
const random = new SystemRandom()
const access = { host, port: Number(port), user, password: new Secret(password), database }
const store = openMysqlStore(access, { clock, random })
await store.migrate()
const app = buildGateway({
  store,
  compute: { findService: async () => undefined, listProjectInstances: async () => [] },
  login: undefined,
  probeHost: async () => [],
  identity: {
    validate: async () => {
      await sleep(VALIDATION_MS)
      const expiresAt = clock.wallMs() + 3_600_000
      return {
        userId: 'bench',
        projectId: null,
        systemScope: false,
        serviceProjectId: null,
        roles: ['admin'],
        expiresAt,
      }
    },
  },
  announce: async () => undefined,
  commanded: () => undefined,
  policy: compilePolicy({}),
  policyInForce,
  objection: () => undefined,
  rehearse: async () => ({ decision: 'act', reason: null, fates: [] }),
  observations: new HostObservations(clock, 60_000),
  domains: { of: () => undefined },
  feed: new EventFeed(),
  outOfService: () => false,
  readiness: [],
  supervisors: () => [],
  clock,
  random,
  log: false,
  options: {
    maxLimit: 1000,
    bodyBytesMax: 114_688,
    projectIdPattern: '[0-9a-f\\-]+',
    trustProxy: false,
    cors: { allowedOrigins: [], credentials: true, maxAgeSeconds: 3600 },
    duplicateWindowMs: 180_000,
  },
})
process.once('SIGTERM', () => void app.close().then(() => store[Symbol.asyncDispose]()))
process.stdout.write(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
