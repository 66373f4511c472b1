/** Runs the part of a verb that needs the API of a running cloud. */
import { openHttpClient } from '../../transports/openstack/http-client.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { readTlsMaterial } from '../tls-material.ts'
import { apiOf, type Api } from './api.ts'
import { cloudSettings } from './cloud-settings.ts'
import { logIn } from './login.ts'

/** The longest time for a login, ms. */
const LOGIN_MS_MAX = 30_000

/**
 * Logs in as `clouds.yaml` or the `OS_*` variables say, and calls back. Returns 0. CONFIG_INVALID, IDENTITY_REFUSED,
 * IDENTITY_UNAVAILABLE, API_UNAVAILABLE, API_REFUSED.
 */
export async function withApi(
  cloud: string | undefined,
  work: (api: Api) => Promise<void>,
): Promise<number> {
  const settings = cloudSettings(cloud, process.env)
  const { caFile, insecure } = settings
  const files = { caFile, certFile: undefined, keyFile: undefined, check: 'identity' } as const
  const ca = caFile === undefined ? undefined : readTlsMaterial(files, settings.source).ca
  const clock = new SystemClock()
  const { signal } = new AbortController()
  await using client = openHttpClient({ clock, ca, insecure })
  const limits = { deadlineMs: clock.monotonicMs() + LOGIN_MS_MAX, signal }
  const session = await logIn(settings, client, limits)
  await work(apiOf(session, { client, clock, signal }))
  return 0
}
