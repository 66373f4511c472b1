/** Options of the HTTP server: encryption, limits, and the webhook for Alertmanager. */
import type { OptionGroup } from './option.ts'

export const SERVING = {
  tlsCertFile: {
    names: ['api.tls_cert_file', 'wsgi.ssl_cert_file', 'DEFAULT.ssl_cert_file', 'ssl.cert_file'],
    kind: 'file',
    meaning:
      'Certificate chain (PEM) of the REST API. With this and tls_key_file, the API accepts only TLS.',
  },
  tlsKeyFile: {
    names: ['api.tls_key_file', 'wsgi.ssl_key_file', 'DEFAULT.ssl_key_file', 'ssl.key_file'],
    kind: 'file',
    meaning: 'Private key (PEM) of that certificate.',
  },
  tlsClientCaFile: {
    names: ['api.tls_client_ca_file', 'wsgi.ssl_ca_file', 'DEFAULT.ssl_ca_file', 'ssl.ca_file'],
    kind: 'file',
    meaning:
      'File with the certificates (PEM) of the authorities that must have signed the certificates of callers. When it is set, callers without such a certificate are refused.',
  },
  tlsVersion: {
    names: ['api.tls_version', 'ssl.version'],
    kind: 'choice',
    of: ['TLSv1_2', 'TLSv1_3', 'SSLv23'],
    default: 'SSLv23',
    meaning:
      'The oldest version of TLS that the REST API accepts. SSLv23 negotiates the version, TLS 1.2 or newer.',
  },
  tlsCiphers: {
    names: ['api.tls_ciphers', 'ssl.ciphers'],
    kind: 'text',
    meaning:
      'Ciphers that the REST API accepts, as an OpenSSL cipher list; the defaults of Node when unset.',
  },
  useTls: {
    names: ['DEFAULT.use_ssl'],
    kind: 'switch',
    meaning:
      "Whether the REST API uses TLS (Masakari's option). When unset, it uses TLS if a certificate is given.",
  },
  requestsPerMinute: {
    names: ['api.requests_per_minute'],
    kind: 'whole',
    min: 0,
    max: 1_000_000,
    default: '0',
    meaning:
      'Largest number of requests per minute with one token at one gateway. Further requests are answered with 429; 0 sets no limit.',
    low: 'monitors that send many requests during a large outage are delayed',
    high: 'one client that sends too many requests slows down all others',
  },
} as const satisfies OptionGroup

export const WEBHOOK = {
  token: {
    names: ['webhook.token'],
    kind: 'secret',
    meaning:
      'Bearer token for POST /v1/webhooks/alertmanager. When neither this token nor a user is set, the webhook refuses every request.',
  },
  username: {
    names: ['webhook.username'],
    kind: 'text',
    meaning: 'User of the webhook, for basic authentication.',
  },
  password: {
    names: ['webhook.password'],
    kind: 'secret',
    meaning: 'Password of that user.',
  },
  hostLabel: {
    names: ['webhook.host_label'],
    kind: 'text',
    default: 'compute_host',
    meaning:
      'Label of an alert that names the compute host, exactly as the Compute service does. An alert without this label is ignored.',
  },
  instanceLabel: {
    names: ['webhook.instance_label'],
    kind: 'text',
    default: 'instance_uuid',
    meaning:
      'Label that names an instance. An alert with this label is about the instance and not about its host.',
  },
} as const satisfies OptionGroup
