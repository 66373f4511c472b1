/** Options of every connection to RabbitMQ, as oslo.messaging has them; what a transport URL says itself counts instead. */
import type { OptionGroup } from './option.ts'

export const RABBIT = {
  tls: {
    names: ['oslo_messaging_rabbit.ssl', 'oslo_messaging_rabbit.rabbit_use_ssl'],
    kind: 'switch',
    default: 'false',
    meaning:
      "Whether RabbitMQ is spoken to over TLS. The server's certificate is always checked, against the system's " +
      'authorities when no ssl_ca_file is given.',
  },
  caFile: {
    names: ['oslo_messaging_rabbit.ssl_ca_file', 'oslo_messaging_rabbit.kombu_ssl_ca_certs'],
    kind: 'file',
    meaning: 'Certificates (PEM) that may sign those of RabbitMQ.',
  },
  certFile: {
    names: ['oslo_messaging_rabbit.ssl_cert_file', 'oslo_messaging_rabbit.kombu_ssl_certfile'],
    kind: 'file',
    meaning: 'Our own certificate (PEM), for brokers that ask for one.',
  },
  keyFile: {
    names: ['oslo_messaging_rabbit.ssl_key_file', 'oslo_messaging_rabbit.kombu_ssl_keyfile'],
    kind: 'file',
    meaning: 'Private key (PEM) of it.',
  },
  tlsVersion: {
    names: ['oslo_messaging_rabbit.ssl_version', 'oslo_messaging_rabbit.kombu_ssl_version'],
    kind: 'choice',
    of: ['TLSv1_2', 'TLSv1_3', 'SSLv23'],
    default: 'SSLv23',
    meaning: 'The oldest TLS that is spoken; SSLv23 negotiates, from TLS 1.2 on.',
  },
} as const satisfies OptionGroup
