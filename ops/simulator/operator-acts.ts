/**
 * What operators do to a simulated deployment. The checker is told of it, and reports an engine
 * that acts against it.
 */
import { isCoded } from '../../schema/errors.ts'
import { hostName, type NotificationId } from '../../schema/ids.ts'
import type { OperatorCommandKind, SiteCommandKind } from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'
import { findRecovery } from '../find-recovery.ts'
import type { Deployment } from './deployment.ts'
import {
  cancelledRecoveryOf,
  EVERYTHING,
  pausedRecoveryOf,
  type InvariantChecker,
} from './invariant-checker.ts'

export type OperatorAct =
  | { readonly do: 'disable-segment' | 'enable-segment'; readonly segment: string }
  | { readonly do: 'begin-maintenance' | 'end-maintenance'; readonly host: string }
  | { readonly do: 'policy'; readonly segment: string; readonly choices: PolicyChoices }
  /** A command for the recovery of a host. */
  | { readonly do: 'command'; readonly host: string; readonly command: OperatorCommandKind }
  /** A command for the latest notification. */
  | { readonly do: 'command-latest'; readonly command: OperatorCommandKind }
  /** Resumes all recoveries that are paused. */
  | { readonly do: 'resume-all' }
  /** Approves every host that the storm guard holds, and every dead one that is held for a cut. */
  | { readonly do: 'approve-held' }
  | { readonly do: 'command-all'; readonly command: SiteCommandKind }

/** Does it now. */
export async function performAsOperator(deployment: Deployment, act: OperatorAct): Promise<void> {
  switch (act.do) {
    case 'disable-segment':
    case 'enable-segment':
      return switchSegment(deployment, act)
    case 'begin-maintenance':
    case 'end-maintenance':
      return switchMaintenance(deployment, act)
    case 'policy':
      return choosePolicy(deployment, act)
    case 'command': {
      const recovery = await findRecovery(deployment.store, act.host, act.command)
      if (recovery !== undefined) return give(deployment, recovery, act.command)
      return deployment.note(
        `an operator finds no recovery of ${act.host} for the command ${act.command}`,
      )
    }
    case 'command-latest': {
      const [latest] = await deployment.store.listNotifications({}, LATEST)
      return latest && give(deployment, latest.uuid, act.command)
    }
    case 'resume-all': {
      const unfinished = await deployment.store.listUnfinished()
      for (const { notification } of unfinished) {
        await give(deployment, notification.uuid, 'resume')
      }
      return
    }
    case 'approve-held':
      return approveHeld(deployment)
    case 'command-all':
      return giveToAll(deployment, act.command)
  }
}

const LATEST = { limit: 1, sort: [{ key: 'created_at', direction: 'desc' }] } as const

/** The store refuses a command that does not fit, and nothing changes. */
async function give(
  deployment: Deployment,
  notification: NotificationId,
  command: OperatorCommandKind,
): Promise<void> {
  const { store, checker } = deployment
  try {
    await store.giveCommand({
      notification,
      kind: command,
      operator: 'alice',
      reason: 'I was there',
    })
  } catch (error) {
    if (!isCoded(error, 'COMMAND_REFUSED')) throw error
    return deployment.note(`the command ${command} of an operator is refused: it does not fit`)
  }
  const found = await store.getNotification(notification)
  const host = (await store.listAllHosts()).find(({ uuid }) => uuid === found?.sourceHost)
  const name = host?.name ?? 'a host'
  deployment.note(`an operator gives the command ${command} for ${name}`)
  if (found?.type === 'COMPUTE_HOST') tellWatchdog(checker, command, name)
}

async function approveHeld(deployment: Deployment): Promise<void> {
  const { store, cloud } = deployment
  const hosts = new Map((await store.listAllHosts()).map(({ uuid, name }) => [uuid, name]))
  for (const { notification } of await store.listUnfinished()) {
    const journal = await store.listJournal(notification.uuid)
    const why = journal.findLast(({ step }) => step === 'hold' || step === 'transition')
    if (why?.step !== 'hold') continue
    const host = hosts.get(notification.sourceHost)
    const isDead = host !== undefined && !cloud.machine(host).isRunning
    const isStorm = why.detail.startsWith('storm guard')
    if (isStorm || (isDead && OF_A_CUT.test(why.detail))) {
      await give(deployment, notification.uuid, 'approve')
    }
  }
}

/** Reasons for which the operator goes to the hosts, and looks whether they run. */
const OF_A_CUT = /^(the link to|we are blind)/

/** Tells the checker what the command allows or forbids for the host. */
function tellWatchdog(checker: InvariantChecker, command: OperatorCommandKind, host: string): void {
  switch (command) {
    case 'approve':
      return checker.approves(host)
    case 'pause':
      return checker.operatorSays(pausedRecoveryOf(host), false)
    case 'cancel':
      return checker.operatorSays(cancelledRecoveryOf(host), false)
    case 'resume':
      return checker.recoveryEnds(host)
    case 'let-back':
      return checker.hostReturns(host)
    case 'retry':
      checker.recoveryEnds(host)
      return checker.hostReturns(host)
    case 'confirm-dead':
  }
}

async function giveToAll(deployment: Deployment, command: SiteCommandKind): Promise<void> {
  try {
    await deployment.store.giveSiteCommand({ kind: command, operator: 'bob', reason: 'a drill' })
  } catch (error) {
    if (!isCoded(error, 'COMMAND_REFUSED')) throw error
    return deployment.note(`the command ${command} of an operator is refused: it does not fit`)
  }
  deployment.note(`an operator gives the command ${command} for all recoveries`)
  deployment.checker.operatorSays(EVERYTHING, command === 'release')
}

async function switchSegment(
  deployment: Deployment,
  act: { readonly do: 'disable-segment' | 'enable-segment'; readonly segment: string },
): Promise<void> {
  const id = deployment.segmentIds.get(act.segment)
  if (id === undefined) throw new RangeError(`no such segment: ${act.segment}`)
  const enabled = act.do === 'enable-segment'
  await deployment.store.updateSegment(id, { enabled })
  deployment.note(`an operator ${enabled ? 'enables' : 'disables'} ${act.segment}`)
  deployment.checker.operatorSays(act.segment, enabled)
}

async function switchMaintenance(
  deployment: Deployment,
  act: { readonly do: 'begin-maintenance' | 'end-maintenance'; readonly host: string },
): Promise<void> {
  const host = await deployment.store.findHost(hostName(act.host))
  if (host === undefined) throw new RangeError(`no such host: ${act.host}`)
  const onMaintenance = act.do === 'begin-maintenance'
  await deployment.store.updateHost(host.segment, host.uuid, { onMaintenance })
  deployment.note(`an operator ${onMaintenance ? 'begins' : 'ends'} maintenance of ${act.host}`)
  deployment.checker.operatorSays(act.host, !onMaintenance)
  // When an operator ends the maintenance, the cancellation of the host's recovery does not count
  // any more.
  if (!onMaintenance) deployment.checker.hostReturns(act.host)
}

async function choosePolicy(
  deployment: Deployment,
  { segment, choices }: { readonly segment: string; readonly choices: PolicyChoices },
): Promise<void> {
  const id = deployment.segmentIds.get(segment)
  if (id === undefined) throw new RangeError(`no such segment: ${segment}`)
  await deployment.store.setPolicy(id, choices)
  deployment.checker.caps(segment, choices)
  deployment.note(`an operator chooses for ${segment}: ${JSON.stringify(choices)}`)
}
