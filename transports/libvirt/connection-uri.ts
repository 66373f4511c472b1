/** Where a libvirt daemon listens, by a connection URI as libvirt's own clients take it. Pure. */

export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** A pair of doors to one daemon: one to look, one to ask guests. */
export interface Doors {
  readonly readOnly: Address
  readonly full: Address
}

export interface Target {
  /** What the daemon is asked to open. */
  readonly driver: string
  /** To be tried in this order. */
  readonly doors: readonly [Doors, ...Doors[]]
}

export type ParsedUri =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refused'; readonly because: string }

const TCP_PORT = 16_509
/** Modular daemons first: where both exist, the old name is a relay. */
const SOCKETS = ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'] as const

const WHY_NOT: Readonly<Record<string, string>> = {
  tls: 'is not spoken: run this process on the compute host and use its socket (qemu:///system)',
  ssh: 'is not spoken: run this process on the compute host and use its socket (qemu:///system)',
}

const refuse = (because: string): ParsedUri => ({ kind: 'refused', because })

/** What asks for protection that we do not give is refused, never left out. */
export function parseConnectionUri(uri: string): ParsedUri {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  const [, driver, , transport] = /^([a-z]+)(\+([a-z0-9]+))?:$/.exec(url?.protocol ?? '') ?? []
  if (url === undefined || driver === undefined) return refuse('is not a libvirt URI')
  if (driver !== 'qemu' && driver !== 'test') {
    return refuse(`the hypervisor driver ${driver} has no guests of Nova's: only qemu has`)
  }
  const path = driver === 'qemu' ? '/system' : '/default'
  if (url.pathname !== path) return refuse(`the path must be ${path}`)
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return refuse('a user, a password or a fragment is not understood here')
  }
  const name = `${driver}://${path}`
  if (transport === 'tcp') return overTcp(url, name)
  if (transport !== undefined && transport !== 'unix') {
    return refuse(`the transport ${transport} ${WHY_NOT[transport] ?? 'is not spoken'}`)
  }
  return overSocket(url, name)
}

function overTcp(url: URL, driver: string): ParsedUri {
  const [parameter] = url.searchParams.keys()
  if (parameter !== undefined) return refuse(`the parameter ${parameter} is not understood`)
  if (url.hostname === '') return refuse('the transport tcp needs a host')
  const port = url.port === '' ? TCP_PORT : Number(url.port)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { kind: 'tcp', host, port } as const
  return { kind: 'target', target: { driver, doors: [{ readOnly: address, full: address }] } }
}

function overSocket(url: URL, driver: string): ParsedUri {
  if (url.host !== '') {
    return refuse('names a host without a transport, which asks for TLS: that is not spoken')
  }
  for (const parameter of url.searchParams.keys()) {
    if (parameter !== 'socket') return refuse(`the parameter ${parameter} is not understood`)
  }
  const given = url.searchParams.get('socket')
  if (given !== null && !given.startsWith('/')) return refuse('the socket must be an absolute path')
  const [first, ...rest] = given === null ? SOCKETS : ([given] as const)
  return { kind: 'target', target: { driver, doors: [doorsOf(first), ...rest.map(doorsOf)] } }
}

const doorsOf = (path: string): Doors => ({
  readOnly: { kind: 'unix', path: `${path}-ro` },
  full: { kind: 'unix', path },
})
