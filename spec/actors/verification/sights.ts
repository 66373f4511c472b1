/** Hosts with their failure domains and what observers say of them, for specs. */
import type { HostSight } from '../../../actors/verification/cut.ts'
import type { Observation } from '../../../actors/ports/observations.ts'
import { hostId, hostName } from '../../../schema/ids.ts'
import type { HostState } from '../../../schema/messages/observation.ts'

/** What channels mean to an observer, as `ssh silence`. */
export const word = (
  observer: string,
  state: HostState,
  ...meanings: readonly string[]
): Observation => ({
  observer,
  state,
  evidence: [],
  seenAtWallMs: 0,
  channels: meanings.map((each) => {
    const [channel = '', meaning = ''] = each.split(' ')
    return { channel, meaning, ageMs: 0 }
  }),
})

/** A host that observers reach; `said` replaces what they say. */
export function sight(
  name: string,
  domains: readonly string[],
  said: readonly Observation[] = [
    word('one', 'alive', 'ssh life', 'power power'),
    word('two', 'alive', 'ssh life', 'power power'),
  ],
  change: Partial<HostSight> = {},
): HostSight {
  const isDoubted = said.some(({ state }) => state === 'dead' || state === 'suspect')
  return {
    host: hostId(name),
    hostName: hostName(name),
    domains,
    service: 'in',
    observations: said,
    doubtedSinceMs: isDoubted ? 1000 : undefined,
    reachedAtMs: isDoubted ? undefined : 5000,
    lostSinceMs: isDoubted ? 1000 : undefined,
    returnedAtMs: undefined,
    ...change,
  }
}

/** Both observers have lost the host, and this is what channels mean to them besides. */
export const lost = (...meanings: readonly string[]): readonly Observation[] => [
  word('one', 'dead', 'ssh silence', ...meanings),
  word('two', 'suspect', 'ssh silence', ...meanings),
]
