/**
 * Which values of the configuration contradict each other, and which combinations work but need a
 * word of advice to the operator.
 */
import type { Config } from '../config.ts'
import { needing, unusedSecrets, useOf } from './role-needs.ts'

/** Values that contradict each other. `option` is the one to change first, as `section.option`. */
export interface Contradiction {
  readonly option: string
  readonly text: string
}

/**
 * Observers publish their view once per monitoring interval. A view that is older than three
 * intervals does not count any more.
 */
export const FRESH_INTERVALS = 3

/** A host may die just after an observer has said that it lives: the word against a report has gone stale by then. */
export const HELD_INTERVALS = FRESH_INTERVALS + 1

/** Observers look at a host once an interval, at moments of their own: verdicts about one fault are so far apart at most. */
export const GATHERING_INTERVALS = 2

/**
 * With a configuration file, every role needs its own options; without a file, the cloud is
 * simulated.
 */
export type Origin = 'file' | 'embedded'

/** All contradictions; empty when the configuration can be used. */
export function contradictions(config: Config, origin: Origin): readonly Contradiction[] {
  return [
    ...leaseContradictions(config),
    ...watchContradictions(config),
    ...busContradictions(config),
    ...servingContradictions(config),
    ...accessContradictions(config),
    ...eventContradictions(config),
    ...(origin === 'file' ? missingParts(config) : []),
    ...intervalContradictions(config),
    ...unless(
      config.notifications.expiryMs > config.notifications.duplicateWindowMs,
      'DEFAULT.notifications_expired_interval',
      `expiry of notifications ${config.notifications.expiryMs} ms must exceed the duplicate window ` +
        `${config.notifications.duplicateWindowMs} ms`,
    ),
  ]
}

function unless(holds: boolean, option: string, text: string): readonly Contradiction[] {
  return holds ? [] : [{ option, text }]
}

/** What an operator chooses beside the monitoring interval, and what must not be shorter than what follows from it. */
function intervalContradictions(config: Config): readonly Contradiction[] {
  const { hostMonitor, notifications, stormGuard } = config
  const { intervalMs } = hostMonitor
  const heldMs = HELD_INTERVALS * intervalMs
  const gatheringMs = GATHERING_INTERVALS * intervalMs
  return [
    ...unless(
      notifications.expiryMs > heldMs,
      'DEFAULT.notifications_expired_interval',
      `expiry of notifications ${notifications.expiryMs} ms must exceed ${HELD_INTERVALS} monitoring intervals of ` +
        `${intervalMs} ms, ${heldMs} ms: for this time, the last observation by an observer that has stopped may contradict a report`,
    ),
    ...unless(
      stormGuard.windowMs >= gatheringMs,
      'host_failure.window_seconds',
      `window of the storm guard ${stormGuard.windowMs} ms must not be shorter than ${GATHERING_INTERVALS} monitoring ` +
        `intervals of ${intervalMs} ms, ${gatheringMs} ms: reports of hosts that fail together may be so far apart`,
    ),
  ]
}

function leaseContradictions({ lease }: Config): readonly Contradiction[] {
  return [
    ...unless(
      lease.ttlMs > 2 * lease.renewIntervalMs + lease.marginMs,
      'lease.ttl',
      `lease TTL ${lease.ttlMs} ms must exceed twice the renew interval ${lease.renewIntervalMs} ms ` +
        `plus the margin ${lease.marginMs} ms, so that the leader can lose one renewal and keep its lease`,
    ),
    ...unless(
      lease.campaignIntervalMs < lease.ttlMs,
      'lease.campaign_interval',
      `campaign interval ${lease.campaignIntervalMs} ms must be below the lease TTL ${lease.ttlMs} ms`,
    ),
  ]
}

function watchContradictions({
  ipmi,
  ssh,
  hostMonitor,
  fence,
  guest,
}: Config): readonly Contradiction[] {
  const twoCommands = 2 * ipmi.timeoutMs + ipmi.minimumSpacingMs
  return [
    ...unless(
      ipmi.minimumSpacingMs <= ipmi.intervalMs,
      'host.ipmi_minimum_spacing',
      `spacing of IPMI commands ${ipmi.minimumSpacingMs} ms must not exceed the IPMI interval ${ipmi.intervalMs} ms`,
    ),
    ...unless(
      ipmi.timeoutMs <= ipmi.intervalMs,
      'host.ipmi_timeout',
      `IPMI timeout ${ipmi.timeoutMs} ms must not exceed the IPMI interval ${ipmi.intervalMs} ms`,
    ),
    ...unless(
      ssh.timeoutMs <= hostMonitor.intervalMs,
      'ssh.probe_timeout',
      `SSH probe timeout ${ssh.timeoutMs} ms must not exceed the monitoring interval ${hostMonitor.intervalMs} ms`,
    ),
    ...unless(
      guest.heartbeatTimeoutMs <= guest.heartbeatIntervalMs,
      'guest.heartbeat_timeout',
      `timeout of a guest's heartbeat ${guest.heartbeatTimeoutMs} ms must not exceed the interval ${guest.heartbeatIntervalMs} ms`,
    ),
    ...unless(
      fence.deadlineMs >= twoCommands,
      'fence.deadline',
      `fence deadline ${fence.deadlineMs} ms must leave time for the order and its read-back: two IPMI ` +
        `timeouts of ${ipmi.timeoutMs} ms and the spacing ${ipmi.minimumSpacingMs} ms are ${twoCommands} ms`,
    ),
  ]
}

const known = (value: unknown): boolean => value !== undefined

function busContradictions({ bus, node }: Config): readonly Contradiction[] {
  return [
    ...unless(
      bus.location.kind === 'nats' || node.roles.includes('engine'),
      'bus.servers',
      `the bus is inside this process, and its roles ${node.roles.join(', ')} do not include the engine, ` +
        'so no engine can hear of a fault: name the NATS servers',
    ),
    ...unless(
      known(bus.user) === known(bus.password),
      'bus.user',
      'user and password of the bus must be given together',
    ),
    ...unless(
      [bus.token, bus.user, bus.credentialsFile, bus.nkeyFile].filter(known).length <= 1,
      'bus.token',
      'give only one of these for the bus: a token, a user with a password, a credentials file, or an nkey_file',
    ),
    ...unless(
      known(bus.certFile) === known(bus.keyFile),
      'bus.cert_file',
      'cert_file and key_file of the bus must be given together',
    ),
    ...unless(
      bus.location.kind === 'nats' ||
        ![
          bus.caFile,
          bus.certFile,
          bus.credentialsFile,
          bus.nkeyFile,
          bus.tlsFirst || undefined,
        ].some(known),
      'bus.servers',
      'the bus is inside this process, and other options of [bus] protect a connection to NATS: name the servers',
    ),
  ]
}

function servingContradictions({ serving, webhook }: Config): readonly Contradiction[] {
  return [
    ...unless(
      known(serving.tlsCertFile) === known(serving.tlsKeyFile),
      'api.tls_cert_file',
      'tls_cert_file and tls_key_file must be given together',
    ),
    ...unless(
      serving.useTls !== true || known(serving.tlsCertFile),
      'DEFAULT.use_ssl',
      'use_ssl = true needs a certificate: [api] tls_cert_file and tls_key_file, or [wsgi] ssl_cert_file and ssl_key_file',
    ),
    ...unless(
      serving.useTls !== false || !known(serving.tlsCertFile),
      'DEFAULT.use_ssl',
      'use_ssl = false, but a certificate is given: remove one of the two',
    ),
    ...unless(
      known(serving.tlsCertFile) || !known(serving.tlsClientCaFile),
      'api.tls_client_ca_file',
      'callers can only be asked for certificates over TLS: tls_cert_file and tls_key_file are not set',
    ),
    ...unless(
      known(webhook.username) === known(webhook.password),
      'webhook.username',
      'user and password of the webhook must be given together',
    ),
  ]
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/i

function accessContradictions({ api, node }: Config): readonly Contradiction[] {
  const isOpen = api.authStrategy === 'noauth2' && !LOOPBACK.test(api.listen)
  return unless(
    !isOpen || api.openToEverybody || !node.roles.includes('gateway'),
    'DEFAULT.auth_strategy',
    `noauth2 gives every caller that reaches ${api.listen} the rights of an administrator: listen on 127.0.0.1, use keystone, or ` +
      'set [api] open_to_everybody = true',
  )
}

function eventContradictions({ events, queues }: Config): readonly Contradiction[] {
  const sending = events.drivers.find(isSending)
  return [
    ...unless(
      sending === undefined || known(events.brokers),
      'oslo_messaging_notifications.transport_url',
      `is needed by driver = ${sending}`,
    ),
    ...unless(
      !queues.quorum || !queues.mirrored,
      'oslo_messaging_rabbit.rabbit_ha_queues',
      'a queue cannot be a quorum queue (rabbit_quorum_queue) and mirrored at the same time',
    ),
  ]
}

/** Whether this driver of event notifications sends over RabbitMQ. */
const isSending = (driver: Config['events']['drivers'][number]): boolean =>
  driver === 'messagingv2' || driver === 'messaging'

function missingParts({ node, api, identity, compute }: Config): readonly Contradiction[] {
  const gateway = node.roles.includes('gateway')
  const account = {
    'DEFAULT.os_privileged_user_auth_url': compute.authUrl,
    'DEFAULT.os_privileged_user_name': compute.username,
    'DEFAULT.os_privileged_user_password': compute.password,
    'DEFAULT.os_privileged_user_tenant': compute.projectName,
  }
  const checker = {
    'keystone_authtoken.auth_url': identity.authUrl,
    'keystone_authtoken.username': identity.username,
    'keystone_authtoken.password': identity.password,
  }
  return [
    ...accountProblems(account, useOf('account of Compute', node.roles)),
    ...(gateway && api.authStrategy === 'keystone'
      ? unset(checker, 'is needed by the role gateway to check tokens (auth_strategy = keystone)')
      : []),
  ]
}

/** A role that can do without the account has all of it or nothing. */
function accountProblems(
  account: Readonly<Record<string, unknown>>,
  use: ReturnType<typeof useOf>,
): readonly Contradiction[] {
  if (use === 'needed') {
    return unset(account, `is needed by ${needing('account of Compute')} to reach Compute`)
  }
  if (use === undefined || !Object.values(account).some(known)) return []
  return unset(account, 'is missing in the account of Compute: give all of it, or nothing')
}

function unset(values: Readonly<Record<string, unknown>>, text: string): readonly Contradiction[] {
  return Object.entries(values).flatMap(([option, value]) =>
    unless(value !== undefined, option, text),
  )
}

/** What works, but differs from what an operator may expect: one sentence each. */
export function advice(config: Config): readonly string[] {
  const { bus, store, node, bridge, api, events, compute } = config
  const sentences: string[] = [...unusedSecrets(config)]
  if (useOf('account of Compute', node.roles) === 'optional' && compute.password === undefined) {
    sentences.push(
      'there is no account of Compute: hosts are watched without the state of their compute services and without aggregates',
    )
  }
  if (bus.location.kind === 'memory') {
    sentences.push('bus.servers = memory: run exactly one engine; a standby is not possible')
  } else if (store.location.kind === 'sqlite') {
    sentences.push('the store is SQLite: every engine must use this same file on this machine')
  }
  if (node.roles.includes('bridge') && bridge.brokers === undefined) {
    sentences.push("bridge.transport_url is not set: the Compute service's bus is not read")
  }
  if (api.authStrategy === 'noauth2') {
    sentences.push(
      'auth_strategy = noauth2: every caller that reaches the API has the rights of an administrator',
    )
  }
  for (const driver of events.drivers) {
    if (driver === 'noop' || isSending(driver)) continue
    sentences.push(`[oslo_messaging_notifications] driver = ${driver}: nothing is sent for it`)
  }
  return sentences
}
