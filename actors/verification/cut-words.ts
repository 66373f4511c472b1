/** What a verdict about hosts that fail together says to operators. Pure. */
import type { CutFinding, HostSight, LinkRule } from './cut.ts'

/** Of more hosts only these are named, and the others are counted. */
const NAMES_MAX = 8

/** One sentence: which domain, and who still sees what. */
export function sentenceOf(finding: CutFinding): string {
  const { hosts, observers } = finding
  const who = listOf(observers)
  const names = listOf(hosts.map(({ hostName }) => hostName).toSorted())
  switch (finding.kind) {
    case 'link-cut': {
      const { hostName, observer } = finding.witness
      const sign = SIGNS[finding.rule](hostName, observer)
      return `the link to ${finding.domain} is cut, and its hosts live: ${who} cannot reach ${names}, but ${sign}`
    }
    case 'blind': {
      if (finding.rule === 'observers') {
        return `we are blind: all observers of ${names} (${who}) see nothing at present`
      }
      const where =
        finding.rule === 'all-domains'
          ? 'some in every failure domain'
          : `in ${finding.domains} failure domains, none of which contains all of them`
      return `we are blind: ${who} lost ${hosts.length} hosts at once, ${where}: ${names}`
    }
    case 'domain-dead':
      return finding.rule === 'off'
        ? `${finding.domain} is dead: the power of all its ${hosts.length} hosts is off (${names}), and ${who} can reach hosts outside it`
        : `${finding.domain} is dead, or nothing reaches it: its ${hosts.length} hosts are silent on every channel (${names}), and ${who} can reach hosts outside it`
  }
}

const SIGNS: Readonly<Record<LinkRule, (host: string, observer: string) => string>> = {
  observer: (host, observer) => `${observer} reaches ${host}`,
  heartbeat: (host) => `the heartbeat of ${host} still arrives`,
  compute: (host) => `nova-compute on ${host} has written to Nova since`,
  power: (host) => `the power of ${host} is on`,
}

/** One sentence for each host: what each observer says of it, by channel. */
export const wordsOf = (hosts: readonly HostSight[]): readonly string[] =>
  hosts.slice(0, NAMES_MAX).map(({ hostName, observations }) => {
    const words = observations.map(({ observer, state, channels = [] }) =>
      [`${observer} ${state}`, ...channels.map((each) => `${each.channel} ${each.meaning}`)].join(
        ', ',
      ),
    )
    return `${hostName}: ${words.join('; ')}`
  })

function listOf(names: readonly string[]): string {
  const more = names.length - NAMES_MAX
  const shown = names.slice(0, NAMES_MAX).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}
