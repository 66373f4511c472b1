/** Options of the gateway, and of the Identity service that tells it who is calling. */
import type { OptionGroup } from './option.ts'

export const API = {
  listen: {
    names: ['api.listen', 'DEFAULT.masakari_api_listen'],
    kind: 'text',
    default: '0.0.0.0',
    embedded: '127.0.0.1',
    meaning: 'Address that the REST API listens on.',
  },
  port: {
    names: ['api.listen_port', 'DEFAULT.masakari_api_listen_port'],
    kind: 'whole',
    min: 0,
    max: 65_535,
    default: '15868',
    meaning: 'TCP port of the REST API; 0 takes any free one.',
    low: 'ports below 1024 need privileges',
    high: 'ports of the ephemeral range may be taken by outgoing connections',
  },
  maxLimit: {
    names: ['api.max_limit', 'DEFAULT.osapi_max_limit'],
    kind: 'whole',
    min: 1,
    max: 100_000,
    default: '1000',
    meaning: 'Most rows in one answer.',
    low: 'clients that do not page see only part of a list',
    high: 'large answers delay other requests',
  },
  linkPrefix: {
    names: ['api.link_prefix', 'DEFAULT.osapi_masakari_link_prefix'],
    kind: 'url',
    meaning:
      'Replaces scheme and host of links in answers, and prepends its path; for use behind a proxy.',
  },
  authStrategy: {
    names: ['DEFAULT.auth_strategy', 'api.auth_strategy'],
    kind: 'choice',
    of: ['keystone', 'noauth2'],
    default: 'keystone',
    embedded: 'noauth2',
    meaning:
      'Who may call: users with a Keystone token, or (for trials only) anybody, as an administrator.',
  },
} as const satisfies OptionGroup

export const IDENTITY = {
  publicUrl: {
    names: ['keystone_authtoken.www_authenticate_uri', 'keystone_authtoken.auth_uri'],
    kind: 'url',
    meaning: 'Identity URL shown to callers without a valid token; auth_url when unset.',
  },
  authUrl: {
    names: ['keystone_authtoken.auth_url', 'keystone_authtoken.identity_uri'],
    kind: 'url',
    meaning: "Identity URL that callers' tokens are checked at, with or without /v3.",
  },
  username: {
    names: ['keystone_authtoken.username', 'keystone_authtoken.admin_user'],
    kind: 'text',
    meaning: 'Account that checks tokens; it needs the role admin or service.',
  },
  password: {
    names: ['keystone_authtoken.password', 'keystone_authtoken.admin_password'],
    kind: 'secret',
    meaning: 'Password of that account.',
  },
  projectName: {
    names: ['keystone_authtoken.project_name', 'keystone_authtoken.admin_tenant_name'],
    kind: 'text',
    default: 'service',
    meaning: 'Project of that account.',
  },
  userDomainName: {
    names: ['keystone_authtoken.user_domain_name'],
    kind: 'text',
    default: 'Default',
    meaning: 'Domain of that account, by name.',
  },
  projectDomainName: {
    names: ['keystone_authtoken.project_domain_name'],
    kind: 'text',
    default: 'Default',
    meaning: 'Domain of its project, by name.',
  },
  caFile: {
    names: ['keystone_authtoken.cafile'],
    kind: 'file',
    meaning: 'Certificates that may sign the Identity service; the public ones when unset.',
  },
  insecure: {
    names: ['keystone_authtoken.insecure'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether any certificate of the Identity service is believed. For trials only.',
  },
} as const satisfies OptionGroup
