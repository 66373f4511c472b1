/**
 * How a RabbitMQ cluster is reached: its URLs, and the encryption that the URLs or
 * [oslo_messaging_rabbit] ask for.
 */
import type { Config } from '../../schema/config.ts'
import type { AmqpBrokers, TlsOptions } from '../../schema/config/option.ts'
import type { LinkKeeping } from '../../transports/amqp/keep-linked.ts'
import { readTlsMaterial, TLS_VERSIONS } from '../tls-material.ts'

/** CONFIG_INVALID for certificates that cannot be used. */
export function linkTo(
  { urls, tls }: AmqpBrokers,
  section: Config['rabbit'],
): Pick<LinkKeeping, 'urls' | 'tls'> {
  const isSecure = urls.some((url) => url.reveal().startsWith('amqps:'))
  const asked: Partial<TlsOptions> | undefined =
    tls === 'off' ? undefined : (tls ?? (section.tls || isSecure ? {} : undefined))
  if (asked === undefined) return { urls, tls: undefined }
  const options: TlsOptions = {
    check: 'identity',
    minVersion: asked.minVersion ?? TLS_VERSIONS[section.tlsVersion],
    caFile: asked.caFile ?? section.caFile,
    certFile: asked.certFile ?? section.certFile,
    keyFile: asked.certFile === undefined ? section.keyFile : asked.keyFile,
  }
  return { urls, tls: readTlsMaterial(options, 'RabbitMQ') }
}
