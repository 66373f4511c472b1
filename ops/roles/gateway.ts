/** The gateway role: the REST server, and what it needs from the rest of the process. */
import { existsSync, readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { IdentityPort } from '../../actors/ports/identity.ts'
import type { LoginPort } from '../../actors/ports/login.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { PowerPort } from '../../actors/ports/power.ts'
import type { ShellPort } from '../../actors/ports/shell.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import { verdictOn } from '../../actors/evacuator/selection.ts'
import { policyOf } from '../../actors/policy/segment-policy.ts'
import { TLS_VERSIONS } from '../tls-material.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import { WEBHOOK_OBSERVER } from '../../schema/messages/observation.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { ObjectionOf } from '../../gateway/views/protection.ts'
import { buildGateway, type GatewayOptions } from '../../gateway/server.ts'
import type { Webhook } from '../../gateway/routes/webhooks.ts'
import { replaceablePolicy, type ReplaceablePolicy } from '../../gateway/policy/policy.ts'
import type { HealthBoard } from './health.ts'
import { subscribeToBus } from './bus-subscriptions.ts'
import { loadPolicy } from './policy-file.ts'
import { registerObserver } from './register-observer.ts'
import { hostProbe } from './host-probe.ts'
import { rehearsals } from './rehearsal.ts'
import { rulesOf, type Rules } from './rules.ts'

export interface GatewayWorld {
  readonly bus: BusPort
  readonly store: StorePort
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly identity: IdentityPort | undefined
  readonly login: LoginPort | undefined
  readonly power: PowerPort
  readonly shell: Pick<ShellPort, 'probe' | 'forget'>
  readonly announcer: Announcer
  readonly board: HealthBoard
  readonly readiness: readonly ReadinessCheck[]
  /** Counts a message that cannot be decoded. */
  readonly countParked: () => void
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: FastifyBaseLogger
}

/**
 * Listens and returns the address. Rejects when the address is in use, or when the policy cannot be
 * used.
 */
export async function startGateway(
  world: GatewayWorld,
  config: Config,
): Promise<{
  readonly app: FastifyInstance
  readonly address: string
  readonly policy: ReplaceablePolicy
}> {
  const { api, bus } = config
  const policy = replaceablePolicy(loadPolicy(api, (text) => world.log.info(text)))
  const options = optionsOf(config)
  const rules = rulesOf(config)
  const webhook = webhookOf(config, world)
  const ending = new AbortController()
  if (webhook !== undefined) void registerObserver(world, WEBHOOK_OBSERVER, ending.signal)
  const subscriptions = subscribeToBus({
    ...world,
    cloud: bus.cloud,
    freshMs: rules.window.freshMs,
    observersPerHost: rules.observer.observersPerHost,
  })
  const app = buildGateway({
    ...world,
    ...subscriptions,
    policy,
    objection: objectionOf(rules),
    rehearse: rehearsals(world, rules),
    probeHost: hostProbe(world),
    policyInForce: (name, choices) => policyOf(rules.recovery, name, choices),
    announce: ({ uuid, segment }) =>
      world.announcer.submit('notification.accepted', { notification: uuid, segment }, uuid),
    commanded: (notification) => world.announcer.announce('operator.commanded', { notification }),
    supervisors: () => world.board.all(),
    outOfService: () => existsSync(api.disableFile),
    ...(webhook === undefined ? {} : { webhook }),
    options,
  })
  app.addHook('onClose', async () => {
    ending.abort()
    await subscriptions[Symbol.asyncDispose]()
  })
  const address = await app.listen({ host: api.listen, port: api.port })
  // Fastify does not know that its server uses TLS.
  return { app, address: options.tls ? address.replace(/^http:/, 'https:') : address, policy }
}

/** Owners of instances are told what the evacuator's own rules say. */
function objectionOf({ evacuator, recovery }: Rules): ObjectionOf {
  return (instance, { segmentName, choices }) => {
    const verdict = verdictOn(instance, evacuator, policyOf(recovery, segmentName, choices))
    return verdict.kind === 'leave' ? verdict.reason : undefined
  }
}

function optionsOf(config: Config): GatewayOptions {
  const { api, serving, identity, notifications } = config
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
    ...(serving.requestsPerMinute === 0 ? {} : { requestsPerMinute: serving.requestsPerMinute }),
    ...consoleOf(config),
    ...tlsOf(serving),
  }
}

function consoleOf({ console }: Config): Pick<GatewayOptions, 'console'> {
  const { enabled, sessionKey, idleMs } = console
  return enabled ? { console: { sessionKey, idleMs } } : {}
}

/** CONFIG_INVALID for certificates and patterns that cannot be used. */
export const checkServing = (config: Config): void => void optionsOf(config)

function tlsOf(serving: Config['serving']): Pick<GatewayOptions, 'tls'> {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsCiphers } = serving
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return {}
  const [certificate, key] = [readFileSync(tlsCertFile, 'utf8'), readFileSync(tlsKeyFile, 'utf8')]
  const clientCa = tlsClientCaFile && readFileSync(tlsClientCaFile, 'utf8')
  const minVersion = TLS_VERSIONS[serving.tlsVersion]
  const ciphers = tlsCiphers === undefined ? {} : { ciphers: tlsCiphers }
  try {
    const ca = clientCa && { ca: clientCa }
    createSecureContext({ cert: certificate, key, minVersion, ...ciphers, ...ca })
  } catch (cause) {
    const text = `[api] tls_cert_file, tls_key_file and tls_ciphers do not fit: ${describeError(cause)}`
    throw new CodedError('CONFIG_INVALID', text, { cause })
  }
  return { tls: { certificate, key, minVersion, ...ciphers, ...(clientCa && { clientCa }) } }
}

/** Undefined when no credentials for the webhook are configured. */
function webhookOf(
  { webhook }: Config,
  { announcer, store }: Pick<GatewayWorld, 'announcer' | 'store'>,
): Webhook | undefined {
  const { token, username, password, hostLabel, instanceLabel } = webhook
  const basic =
    username === undefined || password === undefined ? undefined : { username, password }
  if (token === undefined && basic === undefined) return undefined
  return {
    token,
    basic,
    hostLabel,
    instanceLabel,
    seenAlive: async (host, sentence) => {
      // An observer that registers again and again is not purged.
      await store.registerObserver(WEBHOOK_OBSERVER, 'webhook')
      announcer.announce('host.observed', {
        host: host.uuid,
        hostName: host.name,
        segment: host.segment,
        observer: WEBHOOK_OBSERVER,
        state: 'alive',
        evidence: [sentence],
      })
    },
  }
}

function usablePattern(pattern: string): string {
  try {
    return new RegExp(pattern).source
  } catch (cause) {
    const text = `[osapi_v1] project_id_regex = ${pattern} is not a regular expression`
    throw new CodedError('CONFIG_INVALID', text, { cause })
  }
}
