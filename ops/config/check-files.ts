/** Reads the files that a configuration names as `run` does, and connects nowhere. */
import type { Config } from '../../schema/config.ts'
import { useOf, type SecretName } from '../../schema/config/role-needs.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { loadFailureDomains } from '../failure-domains.ts'
import { natsCredentials } from '../nats-credentials.ts'
import { linkTo } from '../roles/broker-link.ts'
import { checkServing } from '../roles/gateway.ts'
import { loadPolicy } from '../roles/policy-file.ts'
import { readTlsMaterial } from '../tls-material.ts'
import { refuseUntrusted, trustedPaths } from '../trusted-files.ts'

/** Why the files cannot be used: one sentence each. */
export function problemsOfFiles(config: Config): readonly string[] {
  const { bus, bridge, events, rabbit, store, node, api } = config
  const isGateway = node.roles.includes('gateway')
  const isUsed = (secret: SecretName): boolean => useOf(secret, node.roles) !== undefined
  const { location } = store
  const database =
    location.kind === 'mysql' && isUsed('account of the database') ? location.tls : undefined
  const readings: readonly (() => unknown)[] = [
    () => refuseUntrusted(trustedPaths(config)),
    () => loadFailureDomains(config),
    () => natsCredentials(bus),
    () => database && readTlsMaterial(database, 'the database'),
    () => node.roles.includes('bridge') && bridge.brokers && linkTo(bridge.brokers, rabbit),
    () =>
      isUsed('RabbitMQ of event notifications') && events.brokers && linkTo(events.brokers, rabbit),
    () => isGateway && loadPolicy(api, () => undefined),
    () => isGateway && checkServing(config),
  ]
  return [...new Set(readings.flatMap(problemOf))]
}

function problemOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (!isCoded(error, 'CONFIG_INVALID')) throw error
    return [error.message]
  }
}

/** CONFIG_INVALID with all of these sentences. */
export function refuseUnusableFiles(config: Config): void {
  const problems = problemsOfFiles(config)
  if (problems.length > 0) throw new CodedError('CONFIG_INVALID', problems.join('; '))
}
