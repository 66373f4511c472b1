/** What a host monitor tells operators of its hosts beside life and death. */
import { Type, type Static } from 'typebox'
import { Count } from './fields.ts'

/** Of more names than these the first are told, and how many there are. */
export const REMARKED_NAMES_MAX = 50

/** Names come from Compute, too: any characters. */
const Named = Type.Object({
  count: Count,
  hosts: Type.Array(Type.String({ maxLength: 255 }), { maxItems: REMARKED_NAMES_MAX }),
})

export const HostRemarksShown = Type.Object({
  /** Hosts that are registered here, and on which Compute has no service; absent until both lists were read. */
  unknownToCompute: Type.Optional(Named),
  /** Hosts of Compute that are registered in no segment; absent until both lists were read. */
  unregistered: Type.Optional(Named),
  /** Of the hosts that this process watches and hears heartbeats of: on how many libvirt answers. */
  libvirtAnswers: Count,
  /** On which of them libvirt does not answer. */
  libvirtSilent: Named,
  /** On how many of them libvirt was not asked yet. */
  libvirtUnknown: Count,
})
export type HostRemarksShown = Static<typeof HostRemarksShown>
