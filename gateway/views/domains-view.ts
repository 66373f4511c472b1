/** The failure domains of a host, as the leader uses them; since 1.4. */
import { Type, type Static } from 'typebox'
import { DOMAIN_SOURCES, type HostDomains } from '../../schema/failure-domains.ts'

/** One source names all domains of a host; null when no leader has told them lately. */
export const DomainsView = Type.Union([
  Type.Object({
    source: Type.Enum([...DOMAIN_SOURCES]),
    names: Type.Array(Type.String()),
  }),
  Type.Null(),
])

export const domainsView = (domains: HostDomains | undefined): Static<typeof DomainsView> =>
  domains === undefined ? null : { source: domains.source, names: [...domains.names] }
