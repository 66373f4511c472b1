/**
 * What one observer concludes about one host from its channels. Pure: signs in, a verdict with its evidence out. The table of what
 * each sign means is explained in `ops/docs/channels.md`; a spec compares the two.
 */
import type { HostState } from '../../schema/messages/observation.ts'
import type { ChannelMeaning } from '../ports/observations.ts'

export const CHANNELS = ['ssh', 'power', 'heartbeat', 'compute'] as const
export type Channel = (typeof CHANNELS)[number]

export const SIGNS = [
  'alive',
  'refused',
  'on',
  'off',
  'beating',
  'writing',
  'withheld',
  'silent',
  'misconfigured',
] as const
export type Sign = (typeof SIGNS)[number]

/**
 * life: the operating system runs. kernel: something answers at its address, so silence is no death; life together with power or a trace.
 * power: its chassis is on, which is life only where nothing else is known. trace: nova-compute has written to Nova since the silence
 * began; it keeps silence from being death. off: death when read twice, or when a channel of
 * the operating system is silent too. silence: suspicion, and death after `samples` in a row. doubt: suspicion only.
 * fault: our credentials are wrong, so nothing is known. nothing: says nothing about the host.
 */
export const MEANINGS = {
  ssh: { alive: 'life', refused: 'kernel', silent: 'silence', misconfigured: 'fault' },
  power: { on: 'power', off: 'off', silent: 'nothing', misconfigured: 'fault' },
  heartbeat: { beating: 'life', silent: 'doubt' },
  compute: { writing: 'trace', withheld: 'nothing', silent: 'nothing' },
} as const satisfies Readonly<Record<Channel, Readonly<Partial<Record<Sign, string>>>>>

/** The signs that a channel can show. */
export type SignOf<Name extends Channel> = Extract<keyof (typeof MEANINGS)[Name], Sign>

/** The latest sign of a channel, and how often it was seen in a row. */
export interface ChannelView<Shown extends Sign = Sign> {
  readonly sign: Shown
  readonly times: number
  readonly detail: string
  /** The moment that the sign tells of, by our monotonic clock. */
  readonly atMs: number
  /** When the sign was seen for the first time in this row, or when another channel has shown life since then. */
  readonly sinceMs: number
  /** How often it was seen since then: a channel that is silent while another shows life is broken, and proves nothing. */
  readonly timesSince: number
}

export type ChannelViews = {
  readonly [Name in Channel]?: ChannelView<SignOf<Name>>
}

export interface DetectorRules {
  /** Silent answers in a row before they count as more than suspicion (option `monitoring_samples`). */
  readonly samples: number
  /** A sign that is older says nothing any more, ms. */
  readonly freshMs: Readonly<Record<Channel, number>>
}

/** Adds a sign to what a channel has shown. `atMs` is the moment it tells of: of a probe without an answer, when it began. */
export function observe<Name extends Channel>(
  views: ChannelViews,
  channel: Name,
  { sign, detail, atMs }: Pick<ChannelView<SignOf<Name>>, 'sign' | 'detail' | 'atMs'>,
): ChannelViews {
  const before = views[channel]
  const row = before?.sign === sign ? before : { times: 0, timesSince: 0, sinceMs: atMs }
  const view = {
    sign,
    detail,
    atMs,
    times: row.times + 1,
    sinceMs: row.sinceMs,
    timesSince: row.timesSince + 1,
  }
  const isLife = sign === 'alive' || sign === 'beating'
  return { ...(isLife ? withLife(views, atMs) : views), [channel]: view }
}

/** Signs against life are counted anew from the latest sign of life. */
function withLife(views: ChannelViews, atMs: number): ChannelViews {
  if (!speaksAgainst(views)) return views
  const { ssh, power, heartbeat } = views
  const anew = { sinceMs: atMs, timesSince: 0 }
  return {
    ...views,
    ...(ssh?.sign === 'silent' ? { ssh: { ...ssh, ...anew } } : {}),
    ...(power?.sign === 'off' ? { power: { ...power, ...anew } } : {}),
    ...(heartbeat?.sign === 'silent' ? { heartbeat: { ...heartbeat, ...anew } } : {}),
  }
}

const speaksAgainst = ({ ssh, power, heartbeat }: ChannelViews): boolean =>
  ssh?.sign === 'silent' || power?.sign === 'off' || heartbeat?.sign === 'silent'

/** The views that are recent enough to count; an answer over SSH from before the heartbeat stopped is none. */
function currentViews(
  views: ChannelViews,
  { freshMs }: DetectorRules,
  nowMs: number,
): ChannelViews {
  const isOld = (channel: Channel): boolean => {
    const view = views[channel]
    return view !== undefined && nowMs - view.atMs > freshMs[channel]
  }
  const left = CHANNELS.filter(
    (channel) => isOld(channel) || (channel === 'ssh' && isOvertaken(views)),
  )
  if (left.length === 0) return views
  const current = { ...views }
  for (const channel of left) delete current[channel]
  return current
}

/** SSH showed life, and the heartbeat has fallen silent since. */
const isOvertaken = ({ ssh, heartbeat }: ChannelViews): boolean =>
  ssh?.sign === 'alive' && heartbeat?.sign === 'silent' && ssh.atMs < heartbeat.atMs

type Meanings = {
  readonly [Name in Channel]: (typeof MEANINGS)[Name][keyof (typeof MEANINGS)[Name]] | undefined
}

/** The table, looked up. */
const meaningsOf = ({ ssh, power, heartbeat, compute }: ChannelViews): Meanings => ({
  ssh: ssh && MEANINGS.ssh[ssh.sign],
  power: power && MEANINGS.power[power.sign],
  heartbeat: heartbeat && MEANINGS.heartbeat[heartbeat.sign],
  compute: compute && MEANINGS.compute[compute.sign],
})

/** What the channels mean now, for those who judge several hosts together. A trace is one only while it keeps silence from being death. */
export function meaningsNow(
  views: ChannelViews,
  rules: DetectorRules,
  nowMs: number,
): readonly ChannelMeaning[] {
  const current = currentViews(views, rules, nowMs)
  const meanings = meaningsOf(current)
  return CHANNELS.flatMap((channel) => {
    const meaning = meanings[channel]
    const view = current[channel]
    if (meaning === undefined || view === undefined) return []
    const isOld = meaning === 'trace' && !hasTrace(current, nowMs)
    const ageMs = Math.max(0, Math.round(nowMs - view.atMs))
    return [{ channel, meaning: isOld ? 'nothing' : meaning, ageMs }]
  })
}

/** Whether the operating system shows now that it runs. */
export function showsLife(views: ChannelViews, rules: DetectorRules, nowMs: number): boolean {
  const { ssh, heartbeat } = meaningsOf(currentViews(views, rules, nowMs))
  return ssh === 'life' || heartbeat === 'life'
}

/** The state of the host, by what its channels show and how old that is. */
export function judge(views: ChannelViews, rules: DetectorRules, nowMs: number): HostState {
  const current = currentViews(views, rules, nowMs)
  const { ssh, power, heartbeat } = meaningsOf(current)
  if (ssh === 'life' || heartbeat === 'life') return 'alive'
  if (ssh === 'fault') return 'misconfigured'
  if (power === 'off') return isOff(current) ? 'dead' : 'suspect'
  if (ssh === 'kernel') {
    return power === 'power' || hasTrace(current, nowMs) ? 'alive' : 'suspect'
  }
  if (ssh === 'silence') return isSilent(current, rules, nowMs) ? 'dead' : 'suspect'
  return heartbeat === 'doubt' ? 'suspect' : judgePowerOnly(views, power)
}

/** So often in a row since the latest sign of life, and Nova has heard nothing meanwhile. */
const isSilent = (views: ChannelViews, { samples }: DetectorRules, nowMs: number): boolean =>
  (views.ssh?.timesSince ?? 0) >= samples && !hasTrace(views, nowMs)

/** One read may fall into a restart; it is enough when the operating system is silent, too. */
function isOff({ ssh, power, heartbeat }: ChannelViews): boolean {
  const reads = ssh?.sign === 'silent' || heartbeat?.sign === 'silent' ? 1 : OFF_READS
  return (power?.timesSince ?? 0) >= reads
}
/** A restart is shorter than the pause between two reads. */
const OFF_READS = 2

/** nova-compute writes each 10 s: a row that is older says nothing of now, ms. */
export const TRACE_MS = 15_000
/** How far Nova's clock may be off, ms. */
const CLOCK_UNCERTAIN_MS = 5000

/** Nova's row is recent, and was written after the silence of the other channels began. */
function hasTrace({ ssh, heartbeat, compute }: ChannelViews, nowMs: number): boolean {
  if (compute?.sign !== 'writing' || nowMs - compute.atMs > TRACE_MS) return false
  const silences = [ssh, heartbeat].flatMap((view) =>
    view?.sign === 'silent' ? [view.sinceMs] : [],
  )
  return silences.every((sinceMs) => compute.atMs - CLOCK_UNCERTAIN_MS > sinceMs)
}

/**
 * Nothing is known of its operating system now: on counts as alive, and a BMC that cannot be asked leaves us blind. On is no answer to
 * a silence over SSH, however old it is: a hung kernel is powered on, too.
 */
function judgePowerOnly({ ssh }: ChannelViews, power: Meanings['power']): HostState {
  if (power === 'power') return ssh?.sign === 'silent' ? 'suspect' : 'alive'
  return power === 'fault' ? 'misconfigured' : 'blind'
}

/** A sign that is younger is told without its age, ms. */
const NOW_MS = 1000

/** One sentence a channel, and one about what they say together. */
export function evidenceOf(views: ChannelViews, nowMs: number): readonly string[] {
  const said = CHANNELS.flatMap((channel) => {
    const view = views[channel]
    if (view === undefined) return []
    const ageMs = nowMs - view.atMs
    const age = ageMs < NOW_MS ? '' : `, ${Math.round(ageMs / 1000)} s ago`
    return [`${channel} ${view.sign} ${view.times} times in a row${age}: ${view.detail}`]
  })
  return [...said, ...disagreementsOf(views)]
}

/** What it means when a living host does not show life on each channel. */
function disagreementsOf(views: ChannelViews): readonly string[] {
  const { ssh, power, heartbeat } = views
  const answers = ssh?.sign === 'alive' && !isOvertaken(views)
  const beats = heartbeat?.sign === 'beating'
  const sentences: string[] = []
  if (beats && ssh !== undefined && !answers) {
    sentences.push(
      `its heartbeat shows that it lives: SSH is ${ssh.sign} because of sshd, our key, or the way there`,
    )
  }
  if (answers && heartbeat?.sign === 'silent') {
    sentences.push(
      'SSH shows that it lives: its instance monitor has stopped, or does not reach the bus',
    )
  }
  return answers || beats ? [...sentences, ...bmcOfLiving(power)] : sentences
}

const bmcOfLiving = (power: ChannelViews['power']): readonly string[] =>
  power?.sign === 'off' ? ['it lives: its BMC is wrong, or belongs to another machine'] : []
