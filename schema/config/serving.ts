/** Options of serving HTTP: encryption, limits, and the webhook of Alertmanager. */
import type { OptionGroup } from './option.ts'

export const SERVING = {
  tlsCertFile: {
    names: ['api.tls_cert_file', 'wsgi.ssl_cert_file', 'DEFAULT.ssl_cert_file', 'ssl.cert_file'],
    kind: 'file',
    meaning:
      'Certificate chain (PEM) that the REST API shows; with tls_key_file it speaks TLS only.',
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
      'Certificates (PEM) that must have signed those of the callers: with it, callers without one are refused.',
  },
  tlsVersion: {
    names: ['api.tls_version', 'ssl.version'],
    kind: 'choice',
    of: ['TLSv1_2', 'TLSv1_3', 'SSLv23'],
    default: 'SSLv23',
    meaning: 'The oldest TLS that the REST API speaks; SSLv23 negotiates, from TLS 1.2 on.',
  },
  tlsCiphers: {
    names: ['api.tls_ciphers', 'ssl.ciphers'],
    kind: 'text',
    meaning:
      "Ciphers that the REST API accepts, in OpenSSL's language; Node's own choice when unset.",
  },
  useTls: {
    names: ['DEFAULT.use_ssl'],
    kind: 'switch',
    meaning:
      'Whether the REST API speaks TLS, as Masakari is told. When unset, it does where there is a certificate.',
  },
  requestsPerMinute: {
    names: ['api.requests_per_minute'],
    kind: 'whole',
    min: 0,
    max: 1_000_000,
    default: '0',
    meaning:
      'Most requests that one token may make in a minute at one gateway, before it is told to wait (429); 0 sets no limit.',
    low: 'monitors that repeat themselves during a large outage are held up',
    high: 'one runaway client slows all others down',
  },
} as const satisfies OptionGroup

export const WEBHOOK = {
  token: {
    names: ['webhook.token'],
    kind: 'secret',
    meaning:
      'Bearer token for POST /v1/webhooks/alertmanager. The webhook is closed without it and without a user.',
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
      'Label of an alert that names the compute host, exactly as the Compute service does. An alert without it is not ours.',
  },
  instanceLabel: {
    names: ['webhook.instance_label'],
    kind: 'text',
    default: 'instance_uuid',
    meaning:
      'Label that names an instance: with it, the alert is about the instance and not about its host.',
  },
} as const satisfies OptionGroup
