/** Options of the Compute service: the account that evacuates, and the bus whose events the bridge reads. */
import type { OptionGroup } from './option.ts'

export const COMPUTE = {
  endpoint: {
    names: ['DEFAULT.nova_catalog_admin_info'],
    kind: 'endpoint',
    default: 'compute:nova:publicURL',
    meaning: 'Which catalogue entry to use, as <service type>:<service name>:<interface>.',
  },
  region: {
    names: ['DEFAULT.os_region_name'],
    kind: 'text',
    meaning: 'Region of the Compute endpoint; the first one of the catalogue when unset.',
  },
  authUrl: {
    names: ['DEFAULT.os_privileged_user_auth_url'],
    kind: 'url',
    meaning: 'Identity URL for the Compute account. Needed by the roles gateway and engine.',
  },
  username: {
    names: ['DEFAULT.os_privileged_user_name'],
    kind: 'text',
    meaning:
      'Account that lists, evacuates, stops and starts instances; it needs the role admin on Compute.',
  },
  password: {
    names: ['DEFAULT.os_privileged_user_password'],
    kind: 'secret',
    meaning: 'Password of that account.',
  },
  projectName: {
    names: ['DEFAULT.os_privileged_user_tenant'],
    kind: 'text',
    meaning: 'Project of that account.',
  },
  userDomainName: {
    names: ['DEFAULT.os_user_domain_name'],
    kind: 'text',
    default: 'default',
    meaning: 'Domain of that account, by name.',
  },
  projectDomainName: {
    names: ['DEFAULT.os_project_domain_name'],
    kind: 'text',
    default: 'default',
    meaning: 'Domain of its project, by name.',
  },
  caFile: {
    names: ['DEFAULT.nova_ca_certificates_file'],
    kind: 'file',
    meaning: 'Certificates that may sign the Compute service; the public ones when unset.',
  },
  insecure: {
    names: ['DEFAULT.nova_api_insecure'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether any certificate of the Compute service is believed. For trials only.',
  },
} as const satisfies OptionGroup

export const BRIDGE = {
  brokers: {
    names: [
      'bridge.transport_url',
      'oslo_messaging_notifications.transport_url',
      'DEFAULT.transport_url',
    ],
    kind: 'amqp',
    meaning:
      "RabbitMQ servers that carry the Compute service's notifications: " +
      'rabbit://user:password@host1:5672,user:password@host2:5672/virtual-host. ' +
      'Without it the bridge has nothing to read.',
  },
  exchange: {
    names: ['bridge.exchange'],
    kind: 'text',
    default: 'nova',
    meaning: "The Compute service's control exchange. It is never declared, only looked for.",
  },
} as const satisfies OptionGroup
