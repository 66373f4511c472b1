/**
 * What becomes of a reported host until it would be powered off: the real verdict about hosts that fail together, and the real fence. In
 * place of the recovery actor stand its rules in short. What could only delay or prevent a fence is left out: the storm guard, the
 * hold-down, maintenance, disabled segments.
 */
import { fence } from '../../../actors/fence/fence.ts'
import type {
  FenceEffect,
  FenceMessage,
  FenceReply,
  FenceState,
} from '../../../actors/fence/fence-messages.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { LeaderMessage } from '../../../actors/leadership/leader.ts'
import type { ClockPort } from '../../../actors/ports/clock.ts'
import type { PowerState } from '../../../actors/ports/power.ts'
import type { Acceptance, UnfinishedRecovery } from '../../../actors/ports/store.ts'
import { refOf } from '../../../actors/registry.ts'
import type { DomainBook } from '../../../actors/verification/domain-book.ts'
import type { Look } from '../../../actors/verification/look.ts'
import { epoch, notificationId, type HostId } from '../../../schema/ids.ts'
import type { Host, Notification } from '../../../schema/records.ts'
import type { Rules } from '../../roles/rules.ts'
import { PureActor, type TurnQueue } from './pure-actor.ts'

type FenceActor = PureActor<FenceState, FenceMessage, FenceEffect>

interface Recovery {
  readonly notification: Notification
  readonly host: Host
  status: 'new' | 'waiting' | 'fencing'
  seenAlive: number
  fence: FenceActor | undefined
}

interface RecoveryWorld {
  readonly clock: ClockPort
  readonly turns: TurnQueue
  readonly rules: Rules
  readonly domains: DomainBook
  readonly look: (target: {
    readonly host: HostId
    readonly isOrdered: boolean
    readonly isFence: boolean
  }) => Promise<Look>
  readonly readPower: (host: HostId) => Promise<PowerState>
  readonly onVerdict: (host: HostId) => void
  /** Runs something that takes its time. */
  readonly asking: (call: () => Promise<void>) => void
}

const EPOCH = epoch(1)

export class Recoveries {
  readonly #world: RecoveryWorld
  readonly #open = new Map<HostId, Recovery>()
  #reports = 0

  constructor(world: RecoveryWorld) {
    this.#world = world
  }

  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  /** As the store lists them. */
  get unfinished(): readonly UnfinishedRecovery[] {
    return [...this.#open.values()].map(({ notification, host, status }) => ({
      notification: { ...notification, status: status === 'new' ? 'new' : 'running' },
      host,
      control: { kind: 'running' },
      commandCount: 0,
    }))
  }

  /** Stores a report of our own observers. */
  accept(host: Host | undefined): Acceptance {
    if (host === undefined) return { kind: 'unknown-host' }
    const open = this.#open.get(host.uuid)
    if (open !== undefined) return { kind: 'duplicate', of: open.notification.uuid }
    this.#reports += 1
    const notification = notificationOf(host, this.#reports)
    this.#open.set(host.uuid, {
      notification,
      host,
      status: 'new',
      seenAlive: 0,
      fence: undefined,
    })
    const control = { kind: 'running' } as const
    return { kind: 'accepted', notification, host, control, commandCount: 0 }
  }

  /** The window hands it on, again and again. */
  recover({ unfinished, objection }: LeaderMessage & { readonly type: 'leader.recover' }): void {
    const { sourceHost: host } = unfinished.notification
    const recovery = this.#open.get(host)
    if (recovery === undefined || recovery.status !== 'new') return
    if (objection === null) this.#decide(recovery)
    else this.#open.delete(host)
  }

  seeAlive(host: HostId): void {
    const recovery = this.#open.get(host)
    if (recovery === undefined) return
    if (recovery.fence === undefined) this.#open.delete(host)
    else recovery.fence.send({ type: 'fence.abandon', reason: 'the host is seen alive' })
  }

  #decide(recovery: Recovery): void {
    const { uuid: host } = recovery.host
    if (this.#open.get(host) !== recovery) return
    recovery.status = 'waiting'
    const awaited = this.#world.domains.awaited(host)
    if (awaited !== undefined) this.#decideAfter(awaited.leftMs, recovery)
    else if (this.#isCut(host)) this.#decideAfter(this.#recheckMs, recovery)
    else this.#fence(recovery)
  }

  get #recheckMs(): number {
    return this.#world.rules.recovery.heldRecheckMs
  }

  #isCut(host: HostId): boolean {
    const { kind } = this.#world.domains.judge(host)
    return kind === 'link-cut' || kind === 'blind'
  }

  #decideAfter(afterMs: number, recovery: Recovery): void {
    recovery.status = 'waiting'
    recovery.fence = undefined
    this.#world.clock.schedule(afterMs, () => this.#world.turns.take(() => this.#decide(recovery)))
  }

  #fence(recovery: Recovery): void {
    const { clock, turns, rules } = this.#world
    const { host, notification } = recovery
    const order = {
      notification: notification.uuid,
      host: host.uuid,
      hostName: host.name,
      epoch: EPOCH,
      evidence: [],
      rungs: rules.recovery.rungs,
      lastResort: null,
      replyTo: refOf('recovery', notification.uuid),
    }
    recovery.status = 'fencing'
    recovery.fence = new PureActor<FenceState, FenceMessage, FenceEffect>(clock, turns, {
      initial: { kind: 'idle' },
      behaviour: fence(order, rules.fence),
      perform: (effect) => this.#perform(recovery, effect),
    })
    recovery.fence.send({ type: 'fence.begin' })
  }

  #perform(recovery: Recovery, effect: FenceEffect | KernelEffect<FenceMessage>): void {
    const { fence: actor } = recovery
    const { uuid: host } = recovery.host
    const { look, readPower, asking } = this.#world
    switch (effect.type) {
      case 'host.look': {
        const { isOrdered } = effect
        asking(async () => {
          const seen = await look({ host, isOrdered, isFence: true })
          actor?.send({ type: 'fence.looked', look: seen })
        })
        return
      }
      case 'rung.read': {
        const { rung } = effect
        asking(async () => {
          actor?.send(
            await readPower(host).then(
              (power) => ({ type: 'fence.power-read', rung, power }) as const,
              (error: unknown) =>
                ({
                  type: 'fence.power-failed',
                  rung,
                  reason: String(error),
                  hopeless: false,
                }) as const,
            ),
          )
        })
        return
      }
      case 'rung.off':
        // The last check before an order: hosts that fail together are noticed some seconds apart.
        if (this.#isCut(host)) actor?.send({ type: 'fence.forbidden', reason: 'the link is cut' })
        else this.#world.onVerdict(host)
        return
      case 'certificate.save':
        this.#world.onVerdict(host)
        return
      case 'tell':
        this.#onReply(recovery, effect.message as FenceReply) // safe: a fence answers its recovery only
        return
      default:
        return
    }
  }

  #onReply(recovery: Recovery, { type }: FenceReply): void {
    const { aliveLooksMax, aliveLookMs } = this.#world.rules.recovery
    recovery.fence?.stop()
    if (type === 'fence.refused') this.#decideAfter(this.#recheckMs, recovery)
    else if (type === 'fence.contradicted' && recovery.seenAlive + 1 < aliveLooksMax) {
      recovery.seenAlive += 1
      this.#decideAfter(aliveLookMs, recovery)
    } else this.#open.delete(recovery.host.uuid)
  }
}

const notificationOf = ({ uuid, segment }: Host, number: number): Notification => ({
  id: number,
  createdAt: 0,
  updatedAt: null,
  uuid: notificationId(`report-${number}`),
  type: 'COMPUTE_HOST',
  generatedAt: 0,
  sourceHost: uuid,
  segment,
  payload: { event: 'STOPPED', host_status: 'NORMAL' },
  status: 'new',
  message: null,
  run: 0,
  firstRun: 1,
})
