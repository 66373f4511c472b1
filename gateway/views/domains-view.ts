/** The failure domains of a host, as the leader uses them; since 1.4. */
import { Type, type Static } from 'typebox'
import type { ToldHostDomains } from '../../actors/ports/domain-board.ts'
import { DOMAIN_SOURCES } from '../../schema/failure-domains.ts'
import { timeText } from './times.ts'

/** One source names all domains of a host; null when no leader has told them lately. */
export const DomainsView = Type.Union([
  Type.Object({
    source: Type.Enum([...DOMAIN_SOURCES]),
    names: Type.Array(Type.String()),
    /** When Nova named them; null for other sources. */
    read_at: Type.Union([Type.String(), Type.Null()]),
  }),
  Type.Null(),
])

/** The view of what a leader has told. */
export const domainsView = (domains: ToldHostDomains | undefined): Static<typeof DomainsView> => {
  if (domains === undefined) return null
  const { source, names, readAt } = domains
  return { source, names: [...names], read_at: readAt === undefined ? null : timeText(readAt) }
}
