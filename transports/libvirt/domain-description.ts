/** Reads from a domain's XML whether it is an instance of Nova's, and whether its agent listens. Pure. */
import type { GuestView } from '../../actors/ports/guest.ts'

/** Any version of Nova's namespace: 1.0 before Wallaby, 1.1 since. */
const NOVA =
  /<(?:[\w.-]{1,64}:)?instance [^<>]{0,1000}['"]http:\/\/openstack\.org\/xmlns\/libvirt\/nova\//
/** In text and attributes `<` is always escaped, so no name can look like an element. */
const TARGET = /<target\b[^<>]{0,1000}>/g
const AGENT = /\bname=(['"])org\.qemu\.guest_agent\.0\1/
const CONNECTED = /\bstate=(['"])connected\1/

export interface DomainDescription {
  readonly isNovas: boolean
  readonly agent: GuestView['agent']
}

/** The XML of a stopped domain has no state of the channel: no agent listens there. */
export function describeDomain(xml: string): DomainDescription {
  const channel = [...xml.matchAll(TARGET)].find(([target]) => AGENT.test(target))?.[0]
  return { isNovas: NOVA.test(xml), agent: channel === undefined ? 'none' : stateOf(channel) }
}

const stateOf = (channel: string): GuestView['agent'] =>
  CONNECTED.test(channel) ? 'connected' : 'disconnected'
