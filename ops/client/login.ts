/** Logs in at Keystone, and finds the Instance HA API in its catalogue. */
import { Type, type Static } from 'typebox'
import { identityRoot } from '../../transports/openstack/account.ts'
import { answerDecoder, faultText } from '../../transports/openstack/answer-decoder.ts'
import type { HttpClient } from '../../transports/openstack/http-client.ts'
import { CodedError } from '../../schema/errors.ts'
import type { CloudSettings } from './cloud-settings.ts'
import { unusable } from './cloud-files.ts'

/** Where the API is, and the token for it. */
export interface ApiSession {
  /** Ends with `/v1`. */
  readonly url: string
  readonly token: string | undefined
}

/** The types under which catalogues have the service. */
const SERVICE_TYPES = ['instance-ha', 'ha', 'masakari']

const NullableText = Type.Optional(Type.Union([Type.String(), Type.Null()]))
const Catalogue = Type.Array(
  Type.Object({
    type: Type.String(),
    endpoints: Type.Array(
      Type.Object({
        interface: Type.String(),
        url: Type.String(),
        region: NullableText,
        region_id: NullableText,
      }),
    ),
  }),
)
const decodeToken = answerDecoder(
  Type.Object({ token: Type.Object({ catalog: Type.Optional(Catalogue) }) }),
  'IDENTITY_UNAVAILABLE',
)

/** IDENTITY_REFUSED, IDENTITY_UNAVAILABLE, CONFIG_INVALID when the catalogue has no such endpoint. */
export async function logIn(
  settings: CloudSettings,
  client: HttpClient,
  limits: Parameters<HttpClient['exchange']>[1],
): Promise<ApiSession> {
  const { auth, source } = settings
  if (auth.kind === 'fixed') {
    return { url: versioned(settings.endpoint ?? auth.endpoint), token: auth.token?.reveal() }
  }
  const url = identityRoot(auth.authUrl)
  const outcome = await client.exchange(
    {
      method: 'POST',
      url: `${url}/auth/tokens`,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: auth.request.reveal(),
    },
    limits,
  )
  if (outcome.kind !== 'answered') {
    const text = `Keystone cannot be reached at ${url} (${outcome.detail}): check auth_url of ${source}`
    throw new CodedError('IDENTITY_UNAVAILABLE', text, { cause: outcome.cause })
  }
  const token = outcome.headers['x-subject-token']
  if (outcome.status !== 201 || typeof token !== 'string') {
    throw refusedLogin(outcome.status, faultText(outcome.text), { url, proof: auth.proof, source })
  }
  const catalogue = decodeToken(outcome.text).token.catalog ?? []
  return { url: versioned(settings.endpoint ?? endpointIn(catalogue, settings)), token }
}

function refusedLogin(
  status: number,
  answer: string,
  { url, proof, source }: { readonly url: string; readonly proof: string; readonly source: string },
): CodedError {
  if (![400, 401, 403].includes(status)) {
    const text = `Keystone at ${url} answered ${status}: ${answer}; try again later`
    return new CodedError('IDENTITY_UNAVAILABLE', text)
  }
  const mend =
    proof === 'the token'
      ? 'it is wrong, or it has expired: issue a new one (openstack token issue)'
      : 'check the name, the secret and the project'
  const text = `Keystone at ${url} does not accept ${proof} (${source}): ${mend}. It answered ${status}: ${answer}`
  return new CodedError('IDENTITY_REFUSED', text)
}

function endpointIn(
  catalogue: Static<typeof Catalogue>,
  { region, interface: wanted, source }: CloudSettings,
): string {
  const endpoints = catalogue
    .filter(({ type }) => SERVICE_TYPES.includes(type))
    .flatMap((service) => service.endpoints)
  const found = endpoints.find(
    (each) =>
      each.interface === wanted &&
      (region === undefined || region === (each.region_id ?? each.region)),
  )
  if (found !== undefined) return found.url
  const where = region === undefined ? '' : ` in region ${region}`
  const there = endpoints.map((each) => `${each.interface} in ${each.region_id ?? each.region}`)
  const known =
    there.length === 0 ? 'no endpoint of it at all' : `only ${[...new Set(there)].join(', ')}`
  throw unusable(
    `the catalogue has no ${wanted} endpoint of instance-ha${where}: it has ${known}; check region_name and interface of ${source}`,
  )
}

/** A catalogue may name the service with or without its version. */
function versioned(url: string): string {
  const trimmed = url.replace(/\/+$/, '')
  return /\/v1(?:\/|$)/.test(trimmed) ? trimmed : `${trimmed}/v1`
}
