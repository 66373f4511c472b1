/**
 * Why hosts fail together, by who still sees what: their failure domain is dead, the link to it is cut, we are blind, or each of
 * them died by itself. The first rule that fits the reported host counts. Pure.
 *
 * - blind, observers: all observers of the host say that they are blind
 * - blind, all-domains: the same observers lost three hosts or more at once, some in each known domain
 * - link-cut, observer: they hear nobody in the domain, and another observer hears one of its hosts
 * - link-cut, heartbeat: they hear nobody in the domain, and the heartbeat of one of its hosts arrives
 * - link-cut, compute: they hear nobody in the domain, and one of its hosts has written to Nova since
 * - link-cut, power: they hear nobody in the domain, and the power of one of its silent hosts is read as on
 * - link-cut, again: the same four rules for all observers that have lost a host of the domain, when nobody at all hears one
 * - blind, no-common-domain: the same observers lost three hosts or more at once, and no domain contains all of them
 * - domain-dead, off: every host of the domain is read as off, and its observers hear hosts outside it
 * - domain-dead, silence: every host of the domain is silent on every channel, and its observers hear hosts outside it
 * - separate: everything else, and every host whose domains are not known
 *
 * A host whose own power is read as off is dead whatever else is cut: for it, only the rules of `domain-dead` count. A domain
 * that contains every host says nothing and is passed over.
 */
import type { HostId, HostName } from '../../schema/ids.ts'
import type { Observation } from '../ports/observations.ts'
import { sentenceOf, wordsOf } from './cut-words.ts'

/** What is known of one registered host. */
export interface HostSight {
  readonly host: HostId
  readonly hostName: HostName
  readonly domains: readonly string[]
  /** recovering: a recovery has taken it out of service; out: an operator has. */
  readonly service: 'in' | 'recovering' | 'out'
  /** What observers say of it now, one word an observer. */
  readonly observations: readonly Observation[]
  /** Since when somebody doubts it without a break, monotonic ms. */
  readonly doubtedSinceMs: number | undefined
  /** Since when somebody has lost it, the time in which its observers were blind included, monotonic ms. */
  readonly lostSinceMs: number | undefined
  /** When somebody has last reached it over SSH, monotonic ms. */
  readonly reachedAtMs: number | undefined
  /** When somebody has reached it again after a lasting doubt, monotonic ms. */
  readonly returnedAtMs: number | undefined
}

export type LinkRule = 'observer' | 'heartbeat' | 'compute' | 'power'

/** A verdict with what it rests on. */
export type CutFinding =
  | {
      readonly kind: 'domain-dead'
      readonly domain: string
      readonly rule: 'off' | 'silence'
      /** Its hosts that died together, those that a recovery has taken out of service included. */
      readonly hosts: readonly HostSight[]
      readonly observers: readonly string[]
    }
  | {
      readonly kind: 'link-cut'
      readonly domain: string
      readonly rule: LinkRule
      readonly hosts: readonly HostSight[]
      readonly observers: readonly string[]
      /** Who shows that the domain lives. */
      readonly witness: { readonly hostName: HostName; readonly observer: string }
    }
  | {
      readonly kind: 'blind'
      readonly rule: 'observers' | 'all-domains' | 'no-common-domain'
      readonly hosts: readonly HostSight[]
      readonly observers: readonly string[]
      readonly domains: number
    }

export type Cut =
  | {
      readonly kind: 'separate'
      /** No observer says anything of the host, so this rests on nothing. */
      readonly isUnseen?: true
    }
  | (CutFinding & {
      /** One sentence for operators. */
      readonly reason: string
      /** One sentence for each host: who says what of it. */
      readonly evidence: readonly string[]
    })

export interface CutRules {
  /** Hosts that began to be silent within this time of each other may have one cause, ms. */
  readonly gatheringMs: number
  /** Within this time they began at once: as long as it takes an observer to notice, ms. */
  readonly atOnceMs: number
  /** So long after a suspicion the neighbours of the suspect have answered, or do not answer, ms. */
  readonly companionsMs: number
  /** So long after a neighbour is heard again, every observer has asked the host anew and has its answer, ms. */
  readonly askedAgainMs: number
}

const SEPARATE: Cut = { kind: 'separate' }
/** Two hosts of different domains may die in the same moment by chance. */
const BLIND_HOSTS_MIN = 3
/** One host that is silent is no domain that is silent. */
const TOGETHER_MIN = 2

/** The verdict for one host that seems dead. `sights` are all registered hosts, this one included. */
export function judgeCut(host: HostSight, sights: readonly HostSight[], rules: CutRules): Cut {
  if (isUnseen(host)) return withReason(blindObservers(host))
  const observers = host.observations.filter(isLost).map(({ observer }) => observer)
  const domains = tellingDomains(host, sights)
  if (observers.length === 0 || domains.length === 0) return SEPARATE
  const scene: Scene = { host, sights, rules, observers, domains }
  const finding = isOff(host)
    ? deadDomain(scene)
    : (blindness(scene, 'all-domains') ??
      cutLink(scene) ??
      blindness(scene, 'no-common-domain') ??
      deadDomain(scene))
  return finding === undefined ? SEPARATE : withReason(finding)
}

const withReason = (finding: CutFinding): Cut => ({
  ...finding,
  reason: sentenceOf(finding),
  evidence: wordsOf(finding.hosts),
})

/** Its observers distrust their own eyes: such a word has no channels. */
const isUnseen = ({ observations }: HostSight): boolean =>
  observations.length > 0 &&
  observations.every(({ state, channels }) => state === 'blind' && channels === undefined)

const blindObservers = (host: HostSight): CutFinding => ({
  kind: 'blind',
  rule: 'observers',
  hosts: [host],
  observers: host.observations.map(({ observer }) => observer),
  domains: host.domains.length,
})

interface Scene {
  readonly host: HostSight
  readonly sights: readonly HostSight[]
  readonly rules: CutRules
  /** Those that have lost the host. */
  readonly observers: readonly string[]
  /** Of the host, the smallest first. */
  readonly domains: readonly string[]
}

/** What a channel means to an observer; undefined when it says nothing. */
const meaning = ({ channels }: Observation, name: string): string | undefined =>
  channels?.find(({ channel }) => channel === name)?.meaning

/** The observer reaches the host over the network. */
function isHeard(word: Observation): boolean {
  const ssh = meaning(word, 'ssh')
  if (ssh === 'life' || ssh === 'kernel') return true
  return word.state === 'alive' && word.channels === undefined
}

/** The observer does not reach it any more, though something else may show that it lives. */
const isLost = (word: Observation): boolean =>
  !isHeard(word) &&
  (isDoubt(word) || (word.state === 'alive' && meaning(word, 'ssh') === 'silence'))

const isDoubt = ({ state }: Observation): boolean => state === 'dead' || state === 'suspect'

const shows = ({ observations }: HostSight, channel: string, what: string): boolean =>
  observations.some((word) => meaning(word, channel) === what)

/** A BMC reads off, and none reads on. */
export const isOff = (sight: HostSight): boolean =>
  shows(sight, 'power', 'off') && !shows(sight, 'power', 'power')

/** Nothing shows that it lives or has power. */
const isSilentEverywhere = (sight: HostSight): boolean =>
  sight.observations.some(isDoubt) &&
  sight.observations.every((word) => word.state !== 'alive' && !isHeard(word)) &&
  !shows(sight, 'power', 'power') &&
  !shows(sight, 'compute', 'trace') &&
  !shows(sight, 'heartbeat', 'life')

const isIn = (sight: HostSight, domain: string): boolean => sight.domains.includes(domain)

/** The domains of the host that do not contain every host, the smallest first. */
function tellingDomains(host: HostSight, sights: readonly HostSight[]): readonly string[] {
  const sizes = new Map(
    host.domains.map((domain) => [domain, sights.filter((each) => isIn(each, domain)).length]),
  )
  return host.domains
    .filter((domain) => (sizes.get(domain) ?? 0) < sights.length)
    .toSorted((one, other) => (sizes.get(one) ?? 0) - (sizes.get(other) ?? 0))
}

/** Whether both began to be silent within this time; a host that nobody doubts has no such moment. */
const beganWithin = (one: HostSight, other: HostSight, ms: number): boolean =>
  one.doubtedSinceMs !== undefined &&
  other.doubtedSinceMs !== undefined &&
  Math.abs(one.doubtedSinceMs - other.doubtedSinceMs) <= ms

/** A host that died long before has its own place under the cap, though its observers were blind meanwhile and doubt it anew. */
const wasLostWith = (gone: HostSight, host: HostSight, ms: number): boolean =>
  beganWithin(gone, host, ms) &&
  Math.abs((gone.lostSinceMs ?? Infinity) - (host.doubtedSinceMs ?? Infinity)) <= ms

const wordsBy = (
  { observations }: HostSight,
  observers: readonly string[],
): readonly Observation[] => observations.filter(({ observer }) => observers.includes(observer))

function cutLink(scene: Scene): CutFinding | undefined {
  for (const domain of scene.domains) {
    const members = scene.sights.filter((each) => mayBeCutOff(each) && isIn(each, domain))
    const found =
      cutLinkTo(scene, domain, members) ??
      (isReached(members)
        ? undefined
        : cutLinkTo({ ...scene, observers: losersOf(members) }, domain, members))
    if (found !== undefined) return found
  }
  return undefined
}

const isReached = (members: readonly HostSight[]): boolean =>
  members.some(({ observations }) => observations.some(isHeard))

/**
 * When nobody at all reaches the domain, its hosts are silent together, whoever watches which of them: hosts are shared out among
 * monitors, and the monitor that two of them have in common may be blind.
 */
const losersOf = (members: readonly HostSight[]): readonly string[] => [
  ...new Set(
    members.flatMap(({ observations }) =>
      observations.filter(isLost).map(({ observer }) => observer),
    ),
  ),
]

/**
 * Only of a host that an operator keeps out of service silence says nothing. One that a recovery has powered off was silent before: a
 * neighbour that fell silent with it still did.
 */
const mayBeCutOff = ({ service }: HostSight): boolean => service !== 'out'

function cutLinkTo(
  { host, rules, observers }: Scene,
  domain: string,
  members: readonly HostSight[],
): CutFinding | undefined {
  const viewed = members.map((sight) => ({ sight, words: wordsBy(sight, observers) }))
  // Somebody answers over the same way.
  if (viewed.some(({ words }) => words.some(isHeard))) return undefined
  const lost = viewed
    .filter(({ words }) => words.some(isLost))
    .map(({ sight }) => sight)
    .filter(
      (each) => each === host || !isDoubted(each) || beganWithin(each, host, rules.gatheringMs),
    )
  if (lost.length < TOGETHER_MIN) return undefined
  for (const [rule, isWitness] of WITNESSES) {
    const among = rule === 'power' ? lost : members
    for (const sight of among) {
      const word = sight.observations.find((each) => isWitness(each, observers))
      if (word === undefined) continue
      const { observer } = word
      const witness = { hostName: sight.hostName, observer }
      return { kind: 'link-cut', domain, rule, hosts: lost, observers, witness }
    }
  }
  return undefined
}

const isDoubted = ({ observations }: HostSight): boolean => observations.some(isDoubt)

/** What shows that a domain lives which these observers do not reach, the strongest sign first. */
const WITNESSES: readonly (readonly [
  LinkRule,
  (word: Observation, observers: readonly string[]) => boolean,
])[] = [
  ['observer', (word, observers) => !observers.includes(word.observer) && isHeard(word)],
  ['heartbeat', (word) => meaning(word, 'heartbeat') === 'life'],
  ['compute', (word) => meaning(word, 'compute') === 'trace'],
  ['power', (word) => meaning(word, 'power') === 'power'],
]

function blindness(
  { host, sights, rules, observers }: Scene,
  rule: 'all-domains' | 'no-common-domain',
): CutFinding | undefined {
  const known = sights.filter((each) => mayBeCutOff(each) && each.domains.length > 0)
  const lost = known.filter(
    (each) => !isOff(each) && isLostTo(each, observers) && beganWithin(each, host, rules.atOnceMs),
  )
  if (lost.length < BLIND_HOSTS_MIN) return undefined
  const touched = new Set(lost.flatMap(({ domains }) => domains))
  const common = [...touched].filter(
    (domain) =>
      lost.every((each) => isIn(each, domain)) && sights.some((each) => !isIn(each, domain)),
  )
  if (common.length > 0 || touched.size < TOGETHER_MIN) return undefined
  const isAll = known.every(({ domains }) => domains.every((domain) => touched.has(domain)))
  if (rule === 'all-domains' && !isAll) return undefined
  return { kind: 'blind', rule, hosts: lost, observers, domains: touched.size }
}

/** Each of these observers that speaks of the host has lost it, and one of them speaks. */
function isLostTo(sight: HostSight, observers: readonly string[]): boolean {
  const words = wordsBy(sight, observers)
  return words.length > 0 && words.every(isLost)
}

function deadDomain({ host, sights, rules, observers, domains }: Scene): CutFinding | undefined {
  const hearsOutside = (domain: string): boolean =>
    sights.some((each) => !isIn(each, domain) && wordsBy(each, observers).some(isHeard))
  for (const domain of domains) {
    const members = sights.filter((each) => isIn(each, domain))
    const serving = members.filter(({ service }) => service === 'in')
    const isDead = (each: HostSight): boolean =>
      isSilentEverywhere(each) && beganWithin(each, host, rules.gatheringMs)
    if (!serving.every(isDead)) continue
    const gone = members.filter(
      (each) =>
        each.service === 'recovering' && isOff(each) && wasLostWith(each, host, rules.gatheringMs),
    )
    const hosts = [...serving, ...gone]
    if (hosts.length < TOGETHER_MIN || !hearsOutside(domain)) continue
    const rule = serving.every(isOff) ? 'off' : 'silence'
    return { kind: 'domain-dead', domain, rule, hosts, observers }
  }
  return undefined
}
