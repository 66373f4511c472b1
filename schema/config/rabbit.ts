/**
 * Options of every connection to RabbitMQ, as oslo.messaging has them. What a transport URL says
 * itself takes precedence.
 */
import type { OptionGroup } from './option.ts'

export const RABBIT = {
  tls: {
    names: ['oslo_messaging_rabbit.ssl', 'oslo_messaging_rabbit.rabbit_use_ssl'],
    kind: 'switch',
    default: 'false',
    meaning:
      "Whether connections to RabbitMQ use TLS. The server's certificate is always checked, against the system's " +
      'authorities when no ssl_ca_file is given.',
  },
  caFile: {
    names: ['oslo_messaging_rabbit.ssl_ca_file', 'oslo_messaging_rabbit.kombu_ssl_ca_certs'],
    kind: 'file',
    meaning: 'File with the certificates (PEM) of the authorities that may sign those of RabbitMQ.',
  },
  certFile: {
    names: ['oslo_messaging_rabbit.ssl_cert_file', 'oslo_messaging_rabbit.kombu_ssl_certfile'],
    kind: 'file',
    meaning: 'Our own certificate (PEM), for brokers that ask for one.',
  },
  keyFile: {
    names: ['oslo_messaging_rabbit.ssl_key_file', 'oslo_messaging_rabbit.kombu_ssl_keyfile'],
    kind: 'file',
    meaning: 'Private key (PEM) of that certificate.',
  },
  tlsVersion: {
    names: ['oslo_messaging_rabbit.ssl_version', 'oslo_messaging_rabbit.kombu_ssl_version'],
    kind: 'choice',
    of: ['TLSv1_2', 'TLSv1_3', 'SSLv23'],
    default: 'SSLv23',
    meaning:
      'The oldest version of TLS that is accepted. SSLv23 negotiates the version, TLS 1.2 or newer.',
  },
} as const satisfies OptionGroup
