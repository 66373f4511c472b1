/** What one observer concludes about one host from its channels. Pure: outcomes in, a verdict with its evidence out. */
import type { HostState } from '../../schema/messages/observation.ts'

export const CHANNELS = ['ssh', 'ipmi'] as const
export type Channel = (typeof CHANNELS)[number]

/**
 * ssh: `alive` (an authenticated answer), `refused` (the host answers, sshd does not), `silent`, `misconfigured`.
 * ipmi: `powered-on`, `powered-off`, `silent`, `misconfigured`.
 */
export const SIGNS = [
  'alive',
  'refused',
  'powered-on',
  'powered-off',
  'silent',
  'misconfigured',
] as const
export type Sign = (typeof SIGNS)[number]

/** The latest sign of a channel, and how often it was seen in a row. */
export interface ChannelView {
  readonly sign: Sign
  readonly times: number
  readonly detail: string
}

export type ChannelViews = Readonly<Partial<Record<Channel, ChannelView>>>

export interface DetectorRules {
  /** Equal signs in a row before they count as more than suspicion (option `monitoring_samples`). */
  readonly samples: number
}

/** Adds a sign to what a channel has shown. */
export function observe(
  views: ChannelViews,
  channel: Channel,
  sign: { readonly sign: Sign; readonly detail: string },
): ChannelViews {
  const before = views[channel]
  const times = before?.sign === sign.sign ? before.times + 1 : 1
  return { ...views, [channel]: { ...sign, times } }
}

/**
 * Only an authenticated answer of the operating system is life; powered on is not (a hung kernel is powered on).
 * Power read as off outweighs a refused connection (something else may answer for the address), never a live one.
 * Silence alone makes suspicion, and death after `samples` in a row, but a silent BMC says nothing about the host.
 * Wrong credentials are neither life nor death.
 */
export function judge(views: ChannelViews, rules: DetectorRules): HostState {
  const { ssh, ipmi } = views
  if (ssh?.sign === 'alive' || ssh?.sign === 'misconfigured') return ssh.sign
  if (ipmi?.sign === 'powered-off') return ipmi.times >= OFF_READS ? 'dead' : 'suspect'
  return ssh === undefined ? judgePowerOnly(ipmi) : judgeUnanswered(ssh, ipmi, rules)
}

function judgeUnanswered(
  ssh: ChannelView,
  ipmi: ChannelView | undefined,
  rules: DetectorRules,
): HostState {
  if (ssh.sign === 'refused') return ipmi?.sign === 'powered-on' ? 'alive' : 'suspect'
  return ssh.times >= rules.samples ? 'dead' : 'suspect'
}

/** One read may fall into a restart. */
const OFF_READS = 2

/** Without SSH the chassis power is all there is: on counts as alive, and a BMC that cannot be asked leaves us blind. */
function judgePowerOnly(ipmi: ChannelView | undefined): HostState {
  if (ipmi === undefined || ipmi.sign === 'silent') return 'blind'
  return ipmi.sign === 'misconfigured' ? 'misconfigured' : 'alive'
}

/** One sentence a channel. */
export function evidenceOf(views: ChannelViews): readonly string[] {
  return CHANNELS.flatMap((channel) => {
    const view = views[channel]
    if (view === undefined) return []
    return [`${channel} ${view.sign} ${view.times} times in a row: ${view.detail}`]
  })
}
