/** What the leader tells of the failure domains of hosts. */
import { Type, type Static } from 'typebox'
import {
  DOMAIN_NAME_LENGTH_MAX,
  DOMAIN_NAME_PATTERN,
  DOMAIN_SOURCES,
  DOMAINS_PER_HOST_MAX,
} from '../failure-domains.ts'
import { Id, WallTime } from './fields.ts'

/** With eight long names each, they are a third of the largest message. */
export const HOSTS_TOLD_MAX = 500

/** The failure domains by which the leader judges these hosts, and the source that named them. All hosts take several messages. */
export const DomainsKnown = Type.Object({
  /** When Nova said what counts of its aggregates; absent before it said anything. */
  aggregatesReadAt: Type.Optional(WallTime),
  hosts: Type.Array(
    Type.Object({
      host: Id,
      source: Type.Enum([...DOMAIN_SOURCES]),
      names: Type.Array(
        Type.String({ maxLength: DOMAIN_NAME_LENGTH_MAX, pattern: DOMAIN_NAME_PATTERN }),
        { maxItems: DOMAINS_PER_HOST_MAX },
      ),
    }),
    { maxItems: HOSTS_TOLD_MAX },
  ),
})
export type DomainsKnown = Static<typeof DomainsKnown>
