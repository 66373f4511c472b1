/**
 * The leader's part in a verdict: the real roster, observations, dedup window and book of failure domains. What it sees itself it
 * asks over simulated channels with the real look.
 */
import {
  EMPTY_WINDOW,
  type DedupWindowEffect,
  type DedupWindowMessage,
  type DedupWindowState,
  type UnfinishedPart,
} from '../../../actors/dedup-window/window-state.ts'
import { dedupWindow } from '../../../actors/dedup-window/dedup-window.ts'
import { Roster, type HeardObservation } from '../../../actors/dedup-window/roster.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { LeaderMessage } from '../../../actors/leadership/leader.ts'
import type { UnfinishedRecovery } from '../../../actors/ports/store.ts'
import { refOf } from '../../../actors/registry.ts'
import { DomainBook } from '../../../actors/verification/domain-book.ts'
import { EarlyProbes } from '../../../actors/verification/early-probes.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import {
  lookAtHost,
  type LookTarget,
  type LookWorld,
} from '../../../actors/verification/look-at-host.ts'
import type { Look } from '../../../actors/verification/look.ts'
import type { BmcSettings } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'
import { hostId, type HostId } from '../../../schema/ids.ts'
import type { Rules } from '../../roles/rules.ts'
import type { Paths } from './paths.ts'
import { PureActor, type TurnQueue } from './pure-actor.ts'
import { Recoveries } from './recoveries.ts'
import type { SmallCloud } from './small-cloud.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** How often the roster is read, and how soon after a stranger has spoken, ms. */
const ROSTER_MS = 10_000
const STRANGER_MS = 1000
const ANSWER_MS = 30
/** Of what is lost nothing comes for longer than any look lasts, ms. */
const LOST_MS = 5000

export interface LeaderWorld {
  readonly process: SimulatedProcess
  readonly turns: TurnQueue
  readonly paths: Paths
  readonly cloud: SmallCloud
  readonly rules: Rules
  /** off: the leader's own look never shows anything, to see that the simulator notices. */
  readonly ownLook: 'on' | 'off'
  readonly registrations: ReadonlyMap<string, number>
  readonly watch: LeaderWatch
}

/** Who counts what the leader does. */
export interface LeaderWatch {
  readonly onDeadWord: (host: number) => void
  readonly onIncident: (host: number) => void
  /** The host would be powered off, or certified as dead. */
  readonly onVerdict: (host: number) => void
}

export class LeaderDesk {
  readonly process: SimulatedProcess
  readonly #world: LeaderWorld
  readonly #window: PureActor<DedupWindowState, DedupWindowMessage, DedupWindowEffect>
  readonly #observations: HostObservations
  readonly #roster: Roster
  readonly #looking: LookWorld & { readonly earlyProbes: EarlyProbes }
  readonly #recoveries: Recoveries
  #rosterAtMs = -Infinity
  #strangers = 0
  #asking = 0

  constructor(world: LeaderWorld) {
    const { process, rules, cloud } = world
    this.process = process
    this.#world = world
    this.#observations = new HostObservations(process, rules.window.freshMs)
    this.#roster = new Roster(rules.observer.observersPerHost, () => {
      this.#strangers += 1
    })
    const domains = new DomainBook({
      clock: process,
      observations: this.#observations,
      declaredDomains: new Map(),
      metadataKeys: [],
      cutRules: rules.domains.cutRules,
    })
    domains.learnHosts(cloud.hosts)
    this.#looking = lookWorldOf(world, this.#observations)
    this.#recoveries = new Recoveries({
      clock: process,
      turns: world.turns,
      rules,
      domains,
      look: (target) => this.#look(target),
      readPower: (host) => this.#looking.power.read(bmcOf(cloud, host)),
      onVerdict: (host) => world.watch.onVerdict(cloud.indexOf(host)),
      asking: (call) => this.#ask(call),
    })
    this.#window = new PureActor(process, world.turns, {
      initial: EMPTY_WINDOW,
      behaviour: dedupWindow(rules.window, refOf('leader', 'leader')),
      perform: (effect) => this.#perform(effect),
    })
    this.#window.send({ type: 'window.begin' })
    this.#readRoster()
  }

  /** Whether promises are on their way, which need a turn of the event loop. */
  get isAsking(): boolean {
    return this.#asking > 0
  }

  /** Nobody doubts a host, and nothing is being done about one. */
  get isQuiet(): boolean {
    return (
      this.#asking === 0 &&
      this.#recoveries.isEmpty &&
      this.#window.state.settled &&
      this.#world.cloud.hosts.every(({ uuid }) => this.#observations.seenWell(uuid))
    )
  }

  /** An observer says what it sees. */
  hear(word: HeardObservation): void {
    const strangers = this.#strangers
    const observed = this.#roster.admit(word)
    if (observed === undefined) {
      const isSoon = this.process.monotonicMs() - this.#rosterAtMs < STRANGER_MS
      if (this.#strangers > strangers && !isSoon) this.#learn()
      return
    }
    const host = hostId(observed.host)
    if (observed.state === 'dead') this.#world.watch.onDeadWord(this.#world.cloud.indexOf(host))
    this.#observations.note(host, observed)
    this.#window.send({
      type: 'window.observed',
      observed,
      observations: this.#observations.of(host),
      atMs: this.process.monotonicMs(),
    })
  }

  #readRoster(): void {
    this.#learn()
    this.process.schedule(ROSTER_MS, () => this.#readRoster())
  }

  #learn(): void {
    const { registrations, cloud } = this.#world
    const monitors = [...registrations].map(([name, at]) => ({ name, registeredAt: at }))
    const hosts = cloud.hosts.map(({ uuid, name, segment }) => {
      return { host: uuid, hostName: name, segment }
    })
    this.#rosterAtMs = this.process.monotonicMs()
    const observers = monitors.map(({ name }) => name)
    this.#roster.learn({ hosts, observers, monitors }, this.#rosterAtMs)
  }

  #perform(effect: DedupWindowEffect | KernelEffect<DedupWindowMessage>): void {
    switch (effect.type) {
      case 'unfinished.read':
        this.#readUnfinished(effect.part)
        return
      case 'host.look': {
        const { host } = effect
        this.#ask(async () => {
          const look = await this.#look({ host, isOrdered: false })
          this.#tellLook(host, look)
        })
        return
      }
      case 'host.probe-early': {
        const { earlyProbes, shell } = this.#looking
        const { ssh } = this.#watchedOf(effect.host)
        if (ssh === undefined || !earlyProbes.isDue(effect.host)) return
        earlyProbes.begin(effect.host, ssh, shell)
        return
      }
      case 'fault.report':
        this.#report(effect.host)
        return
      case 'tell':
        this.#onTold(effect.message as LeaderMessage) // safe: the window speaks to the leader only
        return
      default:
        return
    }
  }

  #readUnfinished(part: UnfinishedPart): void {
    const unfinished: readonly UnfinishedRecovery[] = this.#recoveries.unfinished
    const observations = new Map(
      unfinished.map(({ notification: { sourceHost: host } }) => [
        host,
        this.#observations.of(host),
      ]),
    )
    const atMs = this.process.monotonicMs()
    this.#window.send({ type: 'window.looked', part, unfinished, observations, atMs })
  }

  #report(host: HostId): void {
    const index = this.#world.cloud.indexOf(host)
    this.#world.watch.onIncident(index)
    const acceptance = this.#recoveries.accept(this.#world.cloud.hosts[index])
    const atMs = this.process.monotonicMs()
    this.#window.send({ type: 'window.reported', host, acceptance, atMs })
  }

  #onTold(message: LeaderMessage): void {
    if (message.type === 'leader.recover') this.#recoveries.recover(message)
    else if (message.type === 'leader.host-alive') this.#recoveries.seeAlive(message.host)
  }

  #tellLook(host: HostId, look: Look): void {
    const observations = this.#observations.of(host)
    const atMs = this.process.monotonicMs()
    this.#window.send({ type: 'window.host-looked', host, look, observations, atMs })
  }

  #watchedOf(host: HostId): SmallCloud['watched'][number] {
    const watched = this.#world.cloud.watched.find((each) => each.host === host)
    if (watched === undefined) throw new RangeError(`there is no host ${host}`)
    return watched
  }

  async #look({
    host,
    isOrdered,
    isFence = false,
  }: Pick<LookTarget, 'host' | 'isOrdered'> & { readonly isFence?: boolean }): Promise<Look> {
    const { hostName, ssh, power } = this.#watchedOf(host)
    // The fence reads the BMC itself. Our own report is no older than the doubt of the observers.
    const target = {
      host,
      hostName,
      ssh,
      bmc: isFence ? undefined : power,
      reportedAt: undefined,
      isOrdered,
    }
    const look = await lookAtHost(this.#looking, target, new AbortController().signal)
    if (isFence && (look.finding === 'alive' || look.finding === 'beating')) {
      this.#tellLook(host, look)
    }
    return look
  }

  #ask(call: () => Promise<void>): void {
    this.#asking += 1
    void call().finally(() => {
      this.#asking -= 1
    })
  }
}

function bmcOf(cloud: SmallCloud, host: HostId): BmcSettings {
  const bmc = cloud.watched.find((each) => each.host === host)?.power
  if (bmc === undefined) throw new RangeError(`${host} has no BMC`)
  return bmc
}

/** The channels of the leader's own look, over its own paths. */
function lookWorldOf(
  { process, paths, cloud, ownLook }: LeaderWorld,
  observations: HostObservations,
): LookWorld & { readonly earlyProbes: EarlyProbes } {
  const isSilent = ownLook === 'off'
  const after = (ms: number): Promise<void> =>
    new Promise((resolve) => void process.schedule(ms, resolve))
  const indexAt = (address: string): number =>
    cloud.watched.findIndex(
      ({ ssh, power }) =>
        ssh?.address === address || (power?.kind === 'ipmi' && power.address === address),
    )
  return {
    clock: process,
    observations,
    earlyProbes: new EarlyProbes(process),
    hostBeats: { latestAtMs: () => undefined }, // none reaches the leader, which can only make it too eager
    shell: {
      forget() {},
      async probe({ address }, timeoutMs, connectMs = timeoutMs) {
        const host = indexAt(address)
        const isLost = paths.isLost({ from: 'leader', host, by: 'ssh' }) || !cloud.isAlive(host)
        await after(isLost || isSilent ? connectMs : ANSWER_MS)
        return isLost || isSilent
          ? { outcome: 'silent', detail: 'no answer' }
          : { outcome: 'alive', detail: 'it answers' }
      },
    },
    power: {
      async read(bmc) {
        const host = indexAt(bmc.kind === 'ipmi' ? bmc.address : bmc.url)
        const isLost = paths.isLost({ from: 'leader', host, by: 'bmc' })
        await after(isLost ? LOST_MS : ANSWER_MS)
        if (isLost) throw new CodedError('POWER_UNREACHABLE', 'no answer')
        return cloud.powerOf(host)
      },
      async off() {},
    },
    compute: {
      async findService(hostName) {
        const isLost = paths.isLost({ from: 'leader', host: undefined, by: 'nova' })
        if (isLost || isSilent) await after(LOST_MS)
        await after(ANSWER_MS)
        return isSilent ? undefined : cloud.services().find(({ host }) => host === hostName)
      },
    },
  }
}
