/** Looks at the hosts that recoveries have taken out of service, and takes the steps of their return. */
import { parseControlAttributes, type SshSettings } from '../../schema/control-attributes.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch, HostId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { part, type AnyPart } from '../kernel/periodic.ts'
import { isStoreAway, type Returning } from '../ports/store.ts'
import {
  decideHostReturn,
  type HostAnswer,
  type HostStep,
  type HostTask,
  type SeenHost,
} from './host-return.ts'
import { nothingRemembered, type Remembered } from './remembered.ts'
import { writeAndAnnounce } from './return-entry.ts'
import type { ReturnWorld } from './return-world.ts'

/** The part of a round in which hosts come back. */
export const hostReturn = (world: ReturnWorld, epoch: Epoch): AnyPart =>
  part<Remembered<HostId>, HostTask, HostAnswer>({
    initial: nothingRemembered(),
    first: { type: 'hosts.list' },
    decide: (memory, answer) =>
      decideHostReturn({ quarantine: world.rules, policy: world.policy }, memory, answer),
    perform: (task, signal) => answerOf(world, epoch, task, signal),
  })

/** Trouble with one host is an answer. Any other than the store's is a defect where nothing but the store is asked. */
async function answerOf(
  world: ReturnWorld,
  epoch: Epoch,
  task: HostTask,
  signal: AbortSignal,
): Promise<HostAnswer> {
  try {
    return await perform(world, epoch, task, signal)
  } catch (error) {
    if (isStoreAway(error)) return { type: 'hosts.store-away' }
    const isOfHost = task.type !== 'hosts.list' && task.type !== 'host.say'
    if (!isOfHost || !isCoded(error) || error.code === 'STALE_EPOCH') throw error
    return { type: 'host.failed', returning: task.returning, problem: describeError(error) }
  }
}

async function perform(
  world: ReturnWorld,
  epoch: Epoch,
  task: HostTask,
  signal: AbortSignal,
): Promise<HostAnswer> {
  const { store, clock, rules } = world
  switch (task.type) {
    case 'hosts.list':
      return {
        type: 'hosts.listed',
        hosts: await store.listReturning(clock.wallMs() - rules.windowMs),
      }
    case 'host.look': {
      const { returning } = task
      return { type: 'host.looked', returning, seen: await lookAt(world, returning, signal) }
    }
    case 'host.ask-stop': {
      const { returning, step } = task
      return { type: 'host.stop-asked', returning, step, commands: await store.listSiteCommands() }
    }
    case 'host.say': {
      const { returning, kind, detail } = task
      const { host, by } = returning
      const about = { notification: by, subject: host.name, step: 'return' } as const
      await writeAndAnnounce(world, epoch, { ...about, kind, detail })
      return { type: 'host.said', returning, detail }
    }
    case 'host.take':
      world.term.assert(epoch)
      await take(world, epoch, task, signal)
      return { type: 'host.taken' }
    default:
      return assertNever(task)
  }
}

async function lookAt(
  world: ReturnWorld,
  { host }: Returning,
  signal: AbortSignal,
): Promise<SeenHost> {
  const { compute, clock } = world
  const nowWallMs = clock.wallMs()
  const { ssh } = parseControlAttributes(host.controlAttributes)
  return {
    nowWallMs,
    ssh: ssh === undefined ? { kind: 'none' } : await probe(world, ssh),
    service: await compute.findService(host.name, signal),
    evacuations: await compute.listEvacuations(host.name, nowWallMs - RECORDS_SINCE_MS, signal),
  }
}

/** Evacuations that were closed need not be seen, and none stays open for a month. */
const RECORDS_SINCE_MS = 30 * 24 * 3_600_000

async function probe(
  { shell, sshTimeoutMs }: ReturnWorld,
  ssh: SshSettings,
): Promise<SeenHost['ssh']> {
  const { outcome, detail } = await shell.probe(ssh, sshTimeoutMs)
  return outcome === 'alive'
    ? { kind: 'answers' }
    : { kind: 'silent', reason: `it is not reachable: ${detail}` }
}

function take(
  { store, compute }: ReturnWorld,
  epoch: Epoch,
  { returning, step }: { readonly returning: Returning; readonly step: HostStep },
  signal: AbortSignal,
): Promise<void> {
  switch (step.kind) {
    case 'clear-forced-down':
      return compute.clearForcedDown(step.service, signal)
    case 'enable':
      return compute.enable(step.service, signal)
    case 'let-back':
      return store.releaseHost(epoch, returning.host.uuid, returning.by)
    default:
      return assertNever(step)
  }
}
