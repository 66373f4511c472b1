/** Looks after the hosts that recoveries have taken out of service, and lets each one back once everything is checked. */
import { parseControlAttributes, type SshSettings } from '../../schema/control-attributes.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch, HostId } from '../../schema/ids.ts'
import { define, type Definition, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import { isStoreAway, type NewEntry, type Returning } from '../ports/store.ts'
import { policyOf } from '../policy/segment-policy.ts'
import { Heartbeats } from './heartbeats.ts'
import { nextReturnStep, type ReturnFacts } from './return-step.ts'
import type { ReturnWorld } from './return-world.ts'
import { siteStop } from './site-stop.ts'
import { undoChanges, type Looking } from './undoing.ts'
import { unlockLeft } from './unlocking.ts'

export type ReturnerMessage =
  { readonly type: 'returner.look-due' } | { readonly type: 'returner.looked' }
type ReturnerState = { readonly kind: 'looking' }
type ReturnerEffect = { readonly type: 'hosts.look' }

/** The actor that lets hosts back, with one epoch. */
export function defineReturner(world: ReturnWorld, epoch: Epoch): Definition<ReturnerMessage> {
  /** What each host waited for when we last looked: said once. */
  const said = new Map<HostId, string>()
  const saidOfChanges = new Map<number, string>()
  const beats = new Heartbeats<HostId>()
  const beatsOfChanges = new Heartbeats<number>()
  const later: KernelEffect<ReturnerMessage> = {
    type: 'timer.start',
    name: 'look',
    afterMs: world.rules.lookIntervalMs,
    message: { type: 'returner.look-due' },
  }
  return define<ReturnerState, ReturnerMessage, ReturnerEffect>({
    initial: { kind: 'looking' },
    behaviour: (
      state,
      { type },
    ): Step<ReturnerState, ReturnerEffect | KernelEffect<ReturnerMessage>> =>
      type === 'returner.looked' ? [state, [later]] : [state, [{ type: 'hosts.look' }]],
    first: { type: 'returner.looked' },
    policy: LEAF,
    perform: async (_effect, signal) => {
      await look({ world, epoch, said, saidOfChanges, beats, beatsOfChanges, signal })
      return { type: 'returner.looked' }
    },
  })
}

/** One step for every host; whatever is away now is there at the next look. */
async function look(looking: Looking): Promise<void> {
  const { world, said } = looking
  const since = world.clock.wallMs() - world.rules.windowMs
  try {
    const hosts = await world.store.listReturning(since)
    const held = new Set(hosts.map(({ host }) => host.uuid))
    for (const known of said.keys()) if (!held.has(known)) said.delete(known)
    for (const returning of hosts) await advance(looking, returning)
    await undoChanges(looking)
    await unlockLeft(looking)
  } catch (error) {
    if (!isStoreAway(error)) throw error
  }
}

async function advance(looking: Looking, returning: Returning): Promise<void> {
  const { world, epoch } = looking
  const { host, by } = returning
  if (!isAsked(world, returning)) return // its policy says what it waits for
  try {
    const step = nextReturnStep(world.rules, await factsOf(looking, returning))
    if (step.kind === 'wait') return await note(looking, returning, 'decision', step.reason)
    const stop = await siteStop(world.store)
    if (stop !== undefined) return await note(looking, returning, 'decision', stop)
    await note(looking, returning, 'intent', STEPS[step.kind])
    world.term.assert(epoch)
    if (step.kind === 'let-back') await world.store.releaseHost(epoch, host.uuid, by)
    else if (step.kind === 'enable') await world.compute.enable(step.service, looking.signal)
    else await world.compute.clearForcedDown(step.service, looking.signal)
  } catch (error) {
    if (!isCoded(error) || error.code === 'STALE_EPOCH' || isStoreAway(error)) throw error
    await note(looking, returning, 'decision', describeError(error))
  }
}

const STEPS = {
  'clear-forced-down': 'Nova may count its compute service by its heartbeat again',
  enable: "Nova's scheduler may use it again",
  'let-back': 'it is in service again',
} as const

/** By the segment's policy, or by an operator. */
function isAsked({ policy }: ReturnWorld, returning: Returning): boolean {
  const { segmentName, choices, commands, isGivenBack } = returning
  if (isGivenBack || commands.some(({ kind }) => kind === 'let-back')) return true
  return policyOf(policy, segmentName, choices).returnToService === 'automatic'
}

async function factsOf(
  looking: Looking,
  { host, isGivenBack, commands, deaths, disabledWith }: Returning,
): Promise<ReturnFacts> {
  const { world, signal } = looking
  const { compute, clock } = world
  const nowWallMs = clock.wallMs()
  const since = nowWallMs - RECORDS_SINCE_MS
  const { ssh } = parseControlAttributes(host.controlAttributes)
  const silence = ssh === undefined ? null : await silenceOf(world, ssh)
  const service = await compute.findService(host.name, signal)
  return {
    isGivenBack,
    commands,
    deaths,
    nowWallMs,
    disabledWith,
    silence,
    service,
    isSeen: ssh !== undefined || looking.beats.look(host.uuid, service),
    evacuations: await compute.listEvacuations(host.name, since, signal),
  }
}

/** Evacuations that were closed need not be seen, and none stays open for a month. */
const RECORDS_SINCE_MS = 30 * 24 * 3_600_000

async function silenceOf(world: ReturnWorld, ssh: SshSettings): Promise<string | null> {
  const { outcome, detail } = await world.shell.probe(ssh, world.sshTimeoutMs)
  return outcome === 'alive' ? null : `it is not reachable: ${detail}`
}

/** Writes and says what is new. */
async function note(
  { world, epoch, said }: Looking,
  { host, by }: Returning,
  kind: NewEntry['kind'],
  detail: string,
): Promise<void> {
  if (said.get(host.uuid) === detail) return
  const entry = { notification: by, kind, step: 'return', subject: host.name, detail }
  await world.store.appendJournal(epoch, entry)
  said.set(host.uuid, detail)
  const about = { notification: by, host: host.name, reason: detail }
  world.announcer.announce('recovery.stepped', { ...about, step: 'return', evidence: [] })
}
