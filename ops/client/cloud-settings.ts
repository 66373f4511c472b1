/**
 * How to reach a cloud and as whom, from `clouds.yaml` or the `OS_*` variables. What we cannot honour is refused; what only
 * concerns other services is left alone.
 */
import { Secret } from '../../schema/control-attributes.ts'
import { adviceFor, misspeltName } from '../../schema/nearest-name.ts'
import { findCloud, unusable, type Variables } from './cloud-files.ts'

export interface CloudSettings {
  /** For sentences: `the cloud west of …/clouds.yaml`, or `the OS_* variables`. */
  readonly source: string
  readonly auth: Auth
  readonly region: string | undefined
  readonly interface: 'public' | 'internal' | 'admin'
  /** Replaces the endpoint of the catalogue. */
  readonly endpoint: string | undefined
  readonly caFile: string | undefined
  readonly insecure: boolean
}

/** A login at Keystone, or a token that is sent as it is. */
export type Auth =
  | {
      readonly kind: 'login'
      readonly authUrl: string
      /** For sentences: `the password of alice`. */
      readonly proof: string
      /** The body of the request. It has the secret. */
      readonly request: Secret
    }
  | { readonly kind: 'fixed'; readonly token: Secret | undefined; readonly endpoint: string }

/** What the operator said, whatever it was said in: the names of `clouds.yaml`, without the level `auth`. */
interface Said {
  readonly source: string
  readonly values: ReadonlyMap<string, string>
  /** How a setting is called where it is set. */
  readonly named: (key: string) => string
}

const AUTH_KEYS = [
  'auth_url',
  'username',
  'user_id',
  'password',
  'user_domain_name',
  'user_domain_id',
  'project_name',
  'project_id',
  'tenant_name',
  'tenant_id',
  'project_domain_name',
  'project_domain_id',
  'domain_name',
  'domain_id',
  'default_domain',
  'default_domain_id',
  'system_scope',
  'token',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
  'endpoint',
] as const
const OTHER_KEYS = [
  'auth_type',
  'region_name',
  'interface',
  'endpoint_type',
  'cacert',
  'insecure',
  'verify',
  'instance_ha_endpoint_override',
  'identity_api_version',
] as const
/** Settings that would change what happens, and that we do not know how to follow. */
const REFUSED_KEYS = ['cert', 'key', 'profile', 'cloud', 'trust_id', 'passcode'] as const

/** Reads the settings. CONFIG_INVALID for what is missing, contradictory, or not supported. */
export function cloudSettings(named: string | undefined, variables: Variables): CloudSettings {
  const said = sayingOf(named ?? (variables['OS_CLOUD'] || undefined), variables)
  for (const key of REFUSED_KEYS) {
    if (said.values.has(key)) throw unusable(`${said.named(key)} is not supported here: remove it`)
  }
  const version = said.values.get('identity_api_version') ?? '3'
  if (!/^v?3(\.\d+)?$/.test(version)) {
    throw unusable(
      `${said.named('identity_api_version')} is ${version}: only version 3 is supported`,
    )
  }
  const caFile = said.values.get('cacert')
  const verify = flagOf(said, 'verify') ?? true
  return {
    source: said.source,
    auth: authOf(said),
    region: said.values.get('region_name'),
    interface: interfaceOf(said),
    endpoint: urlOf(said, 'instance_ha_endpoint_override'),
    caFile,
    insecure: (flagOf(said, 'insecure') ?? false) || !verify,
  }
}

/** A named cloud counts alone. Otherwise variables count, and without any the only cloud of the file. */
function sayingOf(name: string | undefined, variables: Variables): Said {
  const fromVariables = name === undefined ? inVariables(variables) : undefined
  if (fromVariables !== undefined) return fromVariables
  const cloud = findCloud(name, variables)
  if (cloud === undefined) {
    throw unusable(
      'name a cloud of clouds.yaml with OS_CLOUD or --os-cloud, or set OS_AUTH_URL and the other OS_* variables',
    )
  }
  const { auth, ...others } = cloud.fields
  const source = `the cloud ${cloud.name} of ${cloud.file}`
  const inAuth = typeof auth === 'object' && auth !== null ? Object.entries(auth) : []
  const unknown = inAuth.find(
    ([key]) => ![...AUTH_KEYS, ...REFUSED_KEYS].some((each) => each === key),
  )
  if (unknown !== undefined) {
    throw unusable(
      `${source}: auth.${unknown[0]} is not known; ${adviceFor(unknown[0], AUTH_KEYS)}`,
    )
  }
  for (const key of Object.keys(others)) refuseMisspelt(key, source)
  const values = new Map<string, string>()
  for (const [key, value] of [...Object.entries(others), ...inAuth]) {
    if (['string', 'number', 'boolean'].includes(typeof value)) values.set(key, String(value))
  }
  const authKeys = new Set(inAuth.map(([key]) => key))
  return {
    source,
    values,
    named: (key) => `${authKeys.has(key) || isAuthKey(key) ? `auth.${key}` : key} of ${source}`,
  }
}

const isAuthKey = (key: string): boolean => AUTH_KEYS.some((each) => each === key)

/** Files have many settings of other services, so only what looks like one of ours is a mistake. */
function refuseMisspelt(key: string, source: string): void {
  const ours: readonly string[] = [...OTHER_KEYS, 'auth']
  if (ours.includes(key)) return
  const meant = misspeltName(key, ours)
  if (meant === undefined || /_(?:version|override)$/.test(key)) return
  throw unusable(`${source}: ${key} is not known; did you mean ${meant}?`)
}

function inVariables(variables: Variables): Said | undefined {
  const values = new Map<string, string>()
  for (const key of [...AUTH_KEYS, ...OTHER_KEYS, ...REFUSED_KEYS]) {
    const value = variables[`OS_${key.toUpperCase()}`]
    if (value !== undefined && value !== '' && key !== 'cloud') values.set(key, value)
  }
  if (!['auth_url', 'endpoint', 'token', 'auth_type'].some((key) => values.has(key)))
    return undefined
  return { source: 'the OS_* variables', values, named: (key) => `OS_${key.toUpperCase()}` }
}

function flagOf({ values, named }: Said, key: string): boolean | undefined {
  const text = values.get(key)?.toLowerCase()
  if (text === undefined) return undefined
  if (['1', 'true', 'yes', 'on'].includes(text)) return true
  if (['0', 'false', 'no', 'off'].includes(text)) return false
  throw unusable(`${named(key)} is true or false`)
}

function interfaceOf({ values, named }: Said): CloudSettings['interface'] {
  const key = values.has('interface') ? 'interface' : 'endpoint_type'
  const text = (values.get(key) ?? 'public').replace(/URL$/, '')
  if (text === 'public' || text === 'internal' || text === 'admin') return text
  throw unusable(`${named(key)} is one of public, internal, admin`)
}

function urlOf({ values, named }: Said, key: string): string | undefined {
  const text = values.get(key)
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return text.replace(/\/+$/, '')
  throw unusable(`${named(key)} must be an address that begins with http:// or https://`)
}

function needed({ values, named, source }: Said, ...keys: readonly string[]): string {
  const key = keys.find((each) => values.has(each))
  const value = key === undefined ? undefined : values.get(key)
  if (value !== undefined) return value
  const [first = ''] = keys
  throw unusable(`${named(first)} is missing: ${source} cannot be used without it`)
}

const KINDS = 'password, token, v3applicationcredential, admin_token or none'

function authOf(said: Said): Auth {
  const { values, named } = said
  const kind = values.get('auth_type') ?? impliedKind(values)
  switch (kind.replace(/^v3/, '')) {
    case 'password':
      return loginOf(said, passwordOf(said), scopeOf(said))
    case 'token':
      return loginOf(said, tokenOf(said), scopeOf(said))
    case 'applicationcredential':
      return loginOf(said, applicationCredentialOf(said), withoutScope(said))
    case 'none':
      return { kind: 'fixed', token: undefined, endpoint: neededUrl(said, 'endpoint') }
    case 'admin_token':
    case 'token_endpoint':
      return {
        kind: 'fixed',
        token: new Secret(needed(said, 'token')),
        endpoint: neededUrl(said, 'endpoint'),
      }
    default:
      throw unusable(`${named('auth_type')} is ${kind}: it is one of ${KINDS}`)
  }
}

function impliedKind(values: ReadonlyMap<string, string>): string {
  if (values.has('application_credential_secret')) return 'v3applicationcredential'
  return values.has('token') ? 'token' : 'password'
}

interface Proof {
  readonly words: string
  readonly identity: object
}

function neededUrl(said: Said, key: string): string {
  needed(said, key)
  return urlOf(said, key) ?? ''
}

function loginOf(said: Said, { words, identity }: Proof, scope: object | undefined): Auth {
  const request = new Secret(JSON.stringify({ auth: { identity, scope } }))
  return { kind: 'login', authUrl: neededUrl(said, 'auth_url'), proof: words, request }
}

function passwordOf(said: Said): Proof {
  const password = needed(said, 'password')
  const user = userOf(said)
  return {
    words: `the password of ${said.values.get('username') ?? said.values.get('user_id')}`,
    identity: { methods: ['password'], password: { user: { ...user, password } } },
  }
}

function userOf(said: Said): object {
  const id = said.values.get('user_id')
  if (id !== undefined) return { id }
  return { name: needed(said, 'username'), domain: domainOf(said, 'user_domain') }
}

function tokenOf(said: Said): Proof {
  const id = needed(said, 'token')
  return { words: 'the token', identity: { methods: ['token'], token: { id } } }
}

function applicationCredentialOf(said: Said): Proof {
  const secret = needed(said, 'application_credential_secret')
  const id = said.values.get('application_credential_id')
  const credential =
    id === undefined
      ? {
          name: needed(said, 'application_credential_name', 'application_credential_id'),
          user: userOf(said),
          secret,
        }
      : { id, secret }
  return {
    words: `the application credential ${id ?? said.values.get('application_credential_name')}`,
    identity: { methods: ['application_credential'], application_credential: credential },
  }
}

function domainOf({ values }: Said, prefix: string): object {
  const name = values.get(`${prefix}_name`)
  const id = values.get(`${prefix}_id`)
  if (id !== undefined) return { id }
  if (name !== undefined) return { name }
  return { id: values.get('default_domain_id') ?? values.get('default_domain') ?? 'default' }
}

/** Without a scope, Keystone gives no catalogue. */
function scopeOf(said: Said): object {
  const { values, named } = said
  const system = values.get('system_scope')
  if (system !== undefined) {
    if (system !== 'all') throw unusable(`${named('system_scope')} can only be all`)
    return { system: { all: true } }
  }
  const id = values.get('project_id') ?? values.get('tenant_id')
  if (id !== undefined) return { project: { id } }
  const name = values.get('project_name') ?? values.get('tenant_name')
  if (name !== undefined) return { project: { name, domain: domainOf(said, 'project_domain') } }
  const domainId = values.get('domain_id')
  if (domainId !== undefined) return { domain: { id: domainId } }
  return { domain: { name: needed(said, 'domain_name', 'project_name') } }
}

function withoutScope({ values, named }: Said): undefined {
  const key = ['project_id', 'project_name', 'system_scope'].find((each) => values.has(each))
  if (key === undefined) return undefined
  throw unusable(`${named(key)}: an application credential has a project of its own, so remove it`)
}
