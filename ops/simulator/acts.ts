/**
 * Everything that can be done to a simulated deployment, as plain values. Fault plans and scenarios
 * consist of these values.
 */
import { assertNever } from '../../actors/kernel/assert-never.ts'
import type { GroupPolicy } from '../../actors/ports/compute.ts'
import type { NovaMood, RangeMs } from '../../transports/simulated/faults.ts'
import type { OwnersAction } from '../../transports/simulated/instance-actions.ts'
import type { InstanceChange } from '../../transports/simulated/instance-switches.ts'
import type { BmcMood, ProgramMood } from '../../transports/simulated/machine.ts'
import type { Deployment } from './deployment.ts'
import { performAsOperator, type OperatorAct } from './operator-acts.ts'
import {
  lieAboutGuest,
  lieWithBeats,
  tellLie,
  type BeatLie,
  type GuestLie,
  type Lie,
} from './lies.ts'
import { report, type Report } from './reports.ts'

/** `node` is the name of a process; `leader` is the process that leads at that moment. */
export type Act =
  | { readonly do: HostAct; readonly host: string }
  /** The same to every host of a rack: `cut` cuts the link to it, `crash` its power, `unplug` its power and that of its BMCs. */
  | { readonly do: 'rack'; readonly rack: string; readonly what: HostAct }
  /** A process loses SSH to every host of a rack, or has it again; all else reaches them. */
  | { readonly do: 'lose-rack' | 'reach-rack'; readonly node: string; readonly rack: string }
  | { readonly do: 'bmc'; readonly host: string; readonly mood: BmcMood }
  | { readonly do: 'outlet'; readonly host: string; readonly mood: ProgramMood }
  | { readonly do: 'blocklist'; readonly host: string; readonly mood: ProgramMood }
  | { readonly do: 'bmc-password'; readonly host: string; readonly password: string }
  | { readonly do: 'power-off-takes'; readonly rangeMs: RangeMs }
  | { readonly do: 'nova'; readonly mood: Partial<NovaMood> }
  | { readonly do: 'calm-nova' }
  | { readonly do: 'zone'; readonly host: string; readonly zone: string }
  | { readonly do: 'offer'; readonly request: string; readonly hosts: readonly string[] }
  | {
      readonly do: 'group'
      readonly name: string
      readonly policy: GroupPolicy
      readonly members: readonly string[]
    }
  | { readonly do: 'hide-cell'; readonly hosts: readonly string[] }
  | { readonly do: 'filter'; readonly instance: string; readonly hosts: readonly string[] }
  | { readonly do: 'put-instance'; readonly instance: string; readonly change: InstanceChange }
  | { readonly do: 'owner-acts'; readonly instance: string; readonly what: OwnersAction }
  | { readonly do: GuestAct; readonly instance: string }
  | { readonly do: 'kill'; readonly node: string; readonly restartAfterMs: number }
  | {
      readonly do: 'kill-at-call'
      readonly node: string
      readonly calls: number
      readonly restartAfterMs: number
    }
  | { readonly do: 'freeze'; readonly node: string; readonly forMs: number }
  | {
      readonly do: 'cut-from-bus' | 'mend-bus' | 'isolate' | 'reconnect'
      readonly node: string
    }
  | { readonly do: 'rough-bus'; readonly share: number }
  | { readonly do: 'store-away'; readonly forMs: number }
  | { readonly do: 'jump-wall'; readonly byMs: number }
  | OperatorAct
  | Report
  | Lie
  | GuestLie
  | BeatLie

/** What can be done to a host without further parameters. */
export type HostAct = keyof typeof HOST_ACTS

const HOST_ACTS = {
  crash: 'crashHost',
  unplug: 'unplugHost',
  reboot: 'rebootHost',
  'power-on': 'powerOnHost',
  hang: 'hangHost',
  thaw: 'thawHost',
  cut: 'cutHost',
  mend: 'mendHost',
  'keep-away': 'disableHost',
  admit: 'admitHost',
  'kill-compute': 'killNovaCompute',
  'start-compute': 'startNovaCompute',
  'forget-provider': 'forgetProvider',
} as const

/** What can be done to a guest without further parameters. */
export type GuestAct = keyof typeof GUEST_ACTS

const GUEST_ACTS = {
  'kill-guest': 'killGuest',
  'hang-guest': 'hangGuest',
  'break-guest': 'breakGuest',
  'mend-guest': 'mendGuest',
  'stop-guest': 'stopGuest',
  'start-guest': 'startGuest',
} as const

/** Does it now. */
export async function perform(deployment: Deployment, act: Act): Promise<void> {
  switch (act.do) {
    case 'disable-segment':
    case 'enable-segment':
    case 'begin-maintenance':
    case 'end-maintenance':
    case 'policy':
    case 'command':
    case 'command-latest':
    case 'command-all':
    case 'resume-all':
    case 'approve-held':
      return performAsOperator(deployment, act)
    case 'report':
    case 'report-unsure':
    case 'report-back':
    case 'report-guest':
    case 'report-process':
    case 'compute-reports':
      return report(deployment, act)
    case 'lie':
      return tellLie(deployment, act)
    case 'lie-with-heartbeats':
      return lieWithBeats(deployment, act)
    case 'lie-about-guest':
      return lieAboutGuest(deployment, act)
    case 'kill':
    case 'kill-at-call':
    case 'freeze':
    case 'cut-from-bus':
    case 'mend-bus':
    case 'isolate':
    case 'reconnect':
      return toProcess(deployment, act)
    case 'store-away':
      return deployment.closeStore(act.forMs)
    case 'rack':
      return toRack(deployment, act)
    case 'lose-rack':
    case 'reach-rack':
      return toWires(deployment, act)
    case 'rough-bus':
      deployment.weather.roughness = act.share
      return deployment.note(`the bus disturbs ${act.share} of all messages`)
    case 'jump-wall':
      deployment.clock.jumpWall(act.byMs)
      return deployment.note(`the wall clock jumps by ${act.byMs} ms`)
    default:
      return toCloud(deployment, act)
  }
}

function toRack(deployment: Deployment, act: Act & { readonly do: 'rack' }): void {
  const hosts = deployment.cloud.hostsInRack(act.rack)
  if (act.what === 'cut') deployment.checker.linkIsCut(hosts)
  for (const host of hosts) toCloud(deployment, { do: act.what, host })
}

function toWires(
  { cloud }: Deployment,
  { do: what, node, rack }: Act & { readonly do: 'lose-rack' | 'reach-rack' },
): void {
  for (const host of cloud.hostsInRack(rack)) {
    if (what === 'lose-rack') cloud.cutWire(node, `ssh:${host}`)
    else cloud.mendWire(node, `ssh:${host}`)
  }
}

type CloudAct = Extract<
  Act,
  {
    readonly do:
      | HostAct
      | 'bmc'
      | 'outlet'
      | 'blocklist'
      | 'bmc-password'
      | 'power-off-takes'
      | 'nova'
      | 'calm-nova'
      | 'zone'
      | 'offer'
      | 'group'
      | 'hide-cell'
      | 'filter'
      | GuestAct
      | 'put-instance'
      | 'owner-acts'
  }
>

function toCloud(deployment: Deployment, act: CloudAct): void {
  const { cloud, checker } = deployment
  switch (act.do) {
    case 'bmc':
      return cloud.setBmc(act.host, act.mood)
    case 'outlet':
      return cloud.setOutlet(act.host, act.mood)
    case 'blocklist':
      return cloud.setBlocklist(act.host, act.mood)
    case 'bmc-password':
      return cloud.changeBmcPassword(act.host, act.password)
    case 'power-off-takes':
      return cloud.setPowerOffDelay(act.rangeMs)
    case 'nova':
      return cloud.setNova(act.mood)
    case 'calm-nova':
      return cloud.calmNova()
    case 'zone':
      return cloud.setZone(act.host, act.zone)
    case 'offer':
      return cloud.offer(act.request, act.hosts)
    case 'group':
      return cloud.groupInstances(act.name, act.policy, act.members)
    case 'hide-cell':
      return cloud.hideCell(act.hosts)
    case 'filter':
      return cloud.filterHosts(act.instance, act.hosts)
    case 'put-instance':
      return cloud.putInstance(act.instance, act.change)
    case 'owner-acts':
      return cloud.ownerActs(act.instance, act.what)
    case 'keep-away':
      checker.operatorSwitches(act.host, 'off')
      return cloud.disableHost(act.host)
    case 'admit':
      checker.operatorSwitches(act.host, 'on')
      cloud.admitHost(act.host)
      return
    default:
      if ('instance' in act) toGuest(deployment, act)
      else cloud[HOST_ACTS[act.do]](act.host)
  }
}

/** The owner may have deleted the instance meanwhile. */
function toGuest(
  { cloud, checker }: Deployment,
  act: { readonly do: GuestAct; readonly instance: string },
): void {
  if (cloud.instances.some(({ name }) => name === act.instance)) {
    checker.guests.touch(act.instance)
    cloud[GUEST_ACTS[act.do]](act.instance)
  }
}

type ProcessAct = Exclude<
  Extract<Act, { readonly node: string }>,
  { readonly do: 'lose-rack' | 'reach-rack' }
>

function toProcess(deployment: Deployment, act: ProcessAct): void {
  const node = act.node === 'leader' ? deployment.leader : act.node
  if (node === undefined) return deployment.note('no process leads')
  switch (act.do) {
    case 'kill':
      return deployment.kill(node, act.restartAfterMs)
    case 'kill-at-call':
      return deployment.killAtCall(node, act.calls, act.restartAfterMs)
    case 'freeze':
      return deployment.freeze(node, act.forMs)
    case 'cut-from-bus':
      deployment.weather.cutOff(node)
      return deployment.note(`${node} is cut off from the bus`)
    case 'mend-bus':
      deployment.weather.reconnect(node)
      return deployment.note(`${node} reaches the bus again`)
    case 'isolate':
      return deployment.cloud.isolateNode(node)
    case 'reconnect':
      return deployment.cloud.reconnectNode(node)
    default:
      return assertNever(act)
  }
}
