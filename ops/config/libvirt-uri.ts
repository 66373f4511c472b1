/** Reads a connection URI as libvirt's own clients do. A URI that needs TLS, SASL or SSH is refused, and the problem names it. */
import type { HypervisorDoors, HypervisorLocation } from '../../schema/config/option.ts'

type Reading = { readonly value: HypervisorLocation } | { readonly problem: string }

const TCP_PORT = 16_509
/** The modular daemon comes first: when both exist, the old socket only passes calls on. */
const SOCKETS = ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'] as const
/** What each driver is asked to open. `test` has no real guests. */
const PATHS: Readonly<Record<string, string>> = { qemu: '/system', test: '/default' }

const OVER_SOCKET =
  'is not supported: run the instance-monitor on the compute host itself, with qemu:///system'

const problem = (text: string): Reading => ({ problem: text })

/** Where the daemon listens. */
export function readLibvirtUri(text: string): Reading {
  const url = URL.parse(text)
  const [, driver, , transport] = /^([a-z]+)(\+([a-z0-9]+))?:$/.exec(url?.protocol ?? '') ?? []
  if (url === null || driver === undefined) return problem('is no libvirt URI')
  const path = PATHS[driver]
  if (path === undefined) return problem(`the driver ${driver} has no guests of Nova's, qemu has`)
  if (url.pathname !== path) return problem(`the path must be ${path}`)
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return problem('a user, a password or a fragment in it is not honoured')
  }
  const name = `${driver}://${path}`
  switch (transport) {
    case 'tcp':
      return overTcp(url, name)
    case 'unix':
    case undefined:
      return overSocket(url, name)
    default:
      return problem(`the transport ${transport} ${OVER_SOCKET}`)
  }
}

function overTcp(url: URL, driver: string): Reading {
  const [parameter] = url.searchParams.keys()
  if (parameter !== undefined) return problem(`the parameter ${parameter} is not honoured`)
  if (url.hostname === '') return problem('the transport tcp needs a host')
  const port = url.port === '' ? TCP_PORT : Number(url.port)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { kind: 'tcp', host, port } as const
  return { value: { driver, doors: [{ readOnly: address, full: address }] } }
}

function overSocket(url: URL, driver: string): Reading {
  if (url.host !== '')
    return problem(`a host without a transport asks for TLS, which ${OVER_SOCKET}`)
  const unknown = [...url.searchParams.keys()].find((parameter) => parameter !== 'socket')
  if (unknown !== undefined) return problem(`the parameter ${unknown} is not honoured`)
  const given = url.searchParams.get('socket')
  if (given !== null && !given.startsWith('/'))
    return problem('the socket must be an absolute path')
  const [first, ...rest] = given === null ? SOCKETS : ([given] as const)
  return { value: { driver, doors: [doorsOf(first), ...rest.map(doorsOf)] } }
}

const doorsOf = (path: string): HypervisorDoors => ({
  readOnly: { kind: 'unix', path: `${path}-ro` },
  full: { kind: 'unix', path },
})
