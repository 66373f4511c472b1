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
    meaning: 'Largest number of rows in one answer.',
    low: 'clients that do not page see only part of a list',
    high: 'large answers delay other requests',
  },
  linkPrefix: {
    names: ['api.link_prefix', 'DEFAULT.osapi_masakari_link_prefix'],
    kind: 'url',
    meaning:
      'URL that replaces the scheme and host of links in answers and whose path is put in front of theirs; for use behind a proxy.',
  },
  trustProxy: {
    names: ['oslo_middleware.enable_proxy_headers_parsing'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether links follow the headers Forwarded and X-Forwarded-* of a proxy in front. Without such a proxy, any ' +
      'caller can send them.',
  },
  bodyBytesMax: {
    names: ['oslo_middleware.max_request_body_size'],
    kind: 'whole',
    min: 1024,
    max: 16_777_216,
    default: '114688',
    meaning:
      'Longest body of a request, bytes. Its JSON may have at most 16 levels and 100,000 members, whatever this option says.',
    low: 'long descriptions and control attributes are refused',
    high: 'callers can make this process hold much memory',
  },
  projectIdPattern: {
    names: ['osapi_v1.project_id_regex'],
    kind: 'text',
    default: '[0-9a-f\\-]+',
    meaning: 'Regular expression that the project id in a path must match.',
  },
  disableFile: {
    names: ['healthcheck.disable_by_file_path'],
    kind: 'text',
    default: '/etc/masakari/healthcheck_disable',
    meaning:
      'While this file exists, /healthcheck answers 503, so that a load balancer stops using this process.',
  },
  policyFile: {
    names: ['oslo_policy.policy_file'],
    kind: 'beside',
    default: 'policy.yaml',
    embedded: '.instance-ha/policy.yaml',
    isTakenAtReload: true,
    meaning:
      "File with changes to the access rules, in oslo.policy's language. A relative path begins in the directory of this file. " +
      'Without such a file the default rules hold. If the file cannot be read, or a rule cannot be used, the process does not start.',
  },
  policyDirs: {
    names: ['oslo_policy.policy_dirs'],
    kind: 'besides',
    isRepeated: true,
    default: 'policy.d',
    isTakenAtReload: true,
    meaning:
      'Directories with more such files, one directory per line. These files are read after policy_file, in the order of their names, and ' +
      'the rule that is read last counts. A directory that does not exist is ignored.',
  },
  corsOrigins: {
    names: ['cors.allowed_origin'],
    kind: 'names',
    default: '',
    meaning:
      'Origins whose pages may read answers in a browser, written as https://host:port; * means any origin.',
  },
  corsCredentials: {
    names: ['cors.allow_credentials'],
    kind: 'switch',
    default: 'true',
    meaning: 'Whether pages of these origins may send credentials.',
  },
  corsMaxAge: {
    names: ['cors.max_age'],
    kind: 'whole',
    min: 0,
    max: 86_400,
    default: '3600',
    meaning: 'How long a browser may remember what these options allow, seconds.',
    low: 'a browser sends one more request before each request of a page',
    high: 'browsers notice a change of these options late',
  },
  authStrategy: {
    names: ['DEFAULT.auth_strategy', 'api.auth_strategy'],
    kind: 'choice',
    of: ['keystone', 'noauth2'],
    default: 'keystone',
    embedded: 'noauth2',
    meaning:
      'Who may call the API. keystone: users with a Keystone token. noauth2 (for trials only): every caller, as an administrator.',
  },
  openToEverybody: {
    names: ['api.open_to_everybody'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether auth_strategy = noauth2 may be served on an address that other machines can reach. Then every caller that ' +
      'reaches it can power hosts off.',
  },
} as const satisfies OptionGroup

export const IDENTITY = {
  authType: {
    names: ['keystone_authtoken.auth_type', 'keystone_authtoken.auth_plugin'],
    kind: 'choice',
    of: ['password', 'v3password'],
    default: 'password',
    meaning: 'How the account that checks tokens logs in.',
  },
  publicUrl: {
    names: ['keystone_authtoken.www_authenticate_uri', 'keystone_authtoken.auth_uri'],
    kind: 'url',
    meaning: 'Identity URL that callers without a valid token are told; auth_url when unset.',
  },
  authUrl: {
    names: ['keystone_authtoken.auth_url', 'keystone_authtoken.identity_uri'],
    kind: 'url',
    meaning: "Identity URL where callers' tokens are checked, with or without /v3.",
  },
  username: {
    names: [
      'keystone_authtoken.username',
      'keystone_authtoken.user_name',
      'keystone_authtoken.admin_user',
    ],
    kind: 'text',
    meaning: 'Name of the account that checks tokens; it needs the role admin or service.',
  },
  password: {
    names: ['keystone_authtoken.password', 'keystone_authtoken.admin_password'],
    kind: 'secret',
    meaning: 'Password of that account.',
  },
  projectName: {
    names: [
      'keystone_authtoken.project_name',
      'keystone_authtoken.tenant_name',
      'keystone_authtoken.admin_tenant_name',
    ],
    kind: 'text',
    default: 'service',
    meaning: 'Project of that account.',
  },
  projectId: {
    names: ['keystone_authtoken.project_id', 'keystone_authtoken.tenant_id'],
    kind: 'text',
    meaning:
      'Id of that project. When it is given, the name and the domain of the project are ignored.',
  },
  userDomainName: {
    names: ['keystone_authtoken.user_domain_name'],
    kind: 'text',
    meaning: 'Name of the domain of that account. When no domain is given at all: Default.',
  },
  userDomainId: {
    names: ['keystone_authtoken.user_domain_id'],
    kind: 'text',
    meaning: 'Id of that domain. When it is given, the name is ignored.',
  },
  projectDomainName: {
    names: ['keystone_authtoken.project_domain_name'],
    kind: 'text',
    meaning: 'Name of the domain of its project. When no domain is given at all: Default.',
  },
  projectDomainId: {
    names: ['keystone_authtoken.project_domain_id'],
    kind: 'text',
    meaning: 'Id of that domain. When it is given, the name is ignored.',
  },
  defaultDomainName: {
    names: ['keystone_authtoken.default_domain_name'],
    kind: 'text',
    meaning:
      'Name of the domain that account and project are in when their own domain is not given.',
  },
  defaultDomainId: {
    names: ['keystone_authtoken.default_domain_id'],
    kind: 'text',
    meaning: 'Id of that domain. When it is given, the name is ignored.',
  },
  caFile: {
    names: ['keystone_authtoken.cafile'],
    kind: 'file',
    meaning:
      'File with the certificates of the authorities that may sign the certificate of the Identity service; the public authorities when unset.',
  },
  insecure: {
    names: ['keystone_authtoken.insecure'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether every certificate of the Identity service is accepted without a check. For trials only.',
  },
} as const satisfies OptionGroup
