/** Compute, Placement and Identity with one login and one set of kept connections. */
import { readFile } from 'node:fs/promises'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { IdentityPort } from '../../actors/ports/identity.ts'
import type { LoginPort } from '../../actors/ports/login.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import { CodedError } from '../../schema/errors.ts'
import { computeApi } from './compute-api.ts'
import type { Timing } from './exchange-repeatedly.ts'
import { openHttpClient } from './http-client.ts'
import { identityOf } from './identity.ts'
import { loginOf } from './login.ts'
import { openKeystone, type KeystoneOptions } from './keystone.ts'
import { OddRows } from './odd-rows.ts'
import { nova } from './nova.ts'
import { placement } from './placement.ts'

export interface OpenstackOptions extends KeystoneOptions, Timing {
  /** Certificates to trust, a PEM file; without it, those of the system. */
  readonly cacertFile?: string
  /** True accepts any certificate. */
  readonly insecure?: boolean
  readonly log: Pick<LogPort, 'warn'>
}

export interface Openstack extends AsyncDisposable {
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly identity: IdentityPort
  readonly login: LoginPort
  /** The number of logins that were tried. */
  loginCount(): number
  /** The number of HTTP requests that were started, with logins and repeats. */
  requestCount(): number
  /** The number of rows that were left out of its lists because they did not fit its APIs. */
  oddRowCount(): number
}

/**
 * Opens the ports. The first call logs in. Throws CONFIG_INVALID when the certificate file cannot
 * be read.
 */
export async function openOpenstack(options: OpenstackOptions): Promise<Openstack> {
  const { clock, random, requestTimeoutMs, cacertFile } = options
  const ca = cacertFile === undefined ? undefined : await readCertificates(cacertFile)
  const client = openHttpClient({ clock, ca, insecure: options.insecure === true })
  const closing = new AbortController()
  const timing = { clock, random }
  const keystone = openKeystone(client, timing, options, closing.signal)
  const signalOf = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal])
  const oddRows = new OddRows(options.log)
  const parts = { client, keystone, timing, requestTimeoutMs, signalOf, oddRows }
  const api = computeApi(parts)
  return {
    compute: nova(api),
    placement: placement(parts, api),
    identity: identityOf(parts),
    login: loginOf({ ...parts, url: keystone.url }),
    loginCount: () => keystone.loginCount(),
    requestCount: () => client.requestCount(),
    oddRowCount: () => oddRows.count,
    async [Symbol.asyncDispose]() {
      closing.abort(new CodedError('COMPUTE_UNAVAILABLE', 'the connection to OpenStack is closed'))
      await client[Symbol.asyncDispose]()
    },
  }
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `cannot read the certificate file ${path}`, { cause })
  }
}
