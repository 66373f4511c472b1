/**
 * Options of the Compute service: the account that evacuates instances, and the message bus whose
 * events the bridge reads.
 */
import type { OptionGroup } from './option.ts'

export const COMPUTE = {
  endpoint: {
    names: ['DEFAULT.nova_catalog_admin_info'],
    kind: 'endpoint',
    default: 'compute:nova:publicURL',
    meaning: 'Entry of the service catalogue to use, as <service type>:<service name>:<interface>.',
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
    meaning: 'Name of the domain of that account.',
  },
  userDomainId: {
    names: ['DEFAULT.os_user_domain_id'],
    kind: 'text',
    meaning: 'Id of that domain. When it is given, the name is ignored.',
  },
  projectDomainName: {
    names: ['DEFAULT.os_project_domain_name'],
    kind: 'text',
    default: 'default',
    meaning: 'Name of the domain of its project.',
  },
  projectDomainId: {
    names: ['DEFAULT.os_project_domain_id'],
    kind: 'text',
    meaning: 'Id of that domain. When it is given, the name is ignored.',
  },
  caFile: {
    names: ['DEFAULT.nova_ca_certificates_file'],
    kind: 'file',
    meaning:
      'File with the certificates of the authorities that may sign the certificate of the Compute service; the public authorities when unset.',
  },
  insecure: {
    names: ['DEFAULT.nova_api_insecure'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether every certificate of the Compute service is accepted without a check. For trials only.',
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
      'When unset, the bridge reads nothing.',
  },
  exchange: {
    names: ['bridge.exchange'],
    kind: 'text',
    default: 'nova',
    meaning:
      "The Compute service's control exchange. The bridge never declares it: it only checks that it exists.",
  },
} as const satisfies OptionGroup
