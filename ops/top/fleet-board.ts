/** What an operator sees of a cloud at one moment: gathered from the bus and the store, and bounded. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { UnfinishedRecovery } from '../../actors/ports/store.ts'
import { HostObservations } from '../../actors/verification/host-observations.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { Received, WireBody } from '../../schema/messages/catalogue.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import type { HostProtection } from '../../schema/records.ts'
import { HeardProcesses } from '../roles/heard-processes.ts'
import type { ShownProcess } from '../../gateway/plugins/health.ts'

/** What the store has. */
export interface StoredView {
  readonly hosts: readonly HostProtection[]
  readonly unfinished: readonly UnfinishedRecovery[]
}

/** unseen: no observer speaks of it; kept-out: an operator keeps it on maintenance; held: a recovery does. */
export type ShownState = HostState | 'unseen' | 'kept-out' | 'held'

export interface ShownHost {
  readonly name: string
  readonly state: ShownState
  readonly observers: readonly string[]
  /** Age of the latest word about it, ms; undefined when there is none. */
  readonly ageMs: number | undefined
}

export interface ShownRecovery {
  readonly host: string
  readonly type: string
  readonly status: string
  readonly message: string
  readonly ageMs: number
  readonly moves: Pick<WireBody<'move.stepped'>, 'done' | 'total'> | undefined
}

export interface Fleet {
  readonly hosts: readonly ShownHost[]
  readonly recoveries: readonly ShownRecovery[]
  readonly processes: readonly ShownProcess[]
  /** Undefined when the server does not tell. */
  readonly faultsWaiting: number | undefined
}

/** Of more recoveries, the progress of the oldest is forgotten. */
const RECOVERIES_MAX = 10_000

/** From the worst to the best: the worst that an observer says is shown. */
const WORST: readonly HostState[] = [
  'dead',
  'suspect',
  'misconfigured',
  'blind',
  'maintenance',
  'alive',
]

/** No process of ours is shown: `HeardProcesses` shows the present one first. */
const NOBODY = {
  node: '',
  roles: [],
  leading: false,
  deadLetters: 0,
  parked: 0,
  actors: [],
}

export class FleetBoard {
  readonly #clock: ClockPort
  /** By name. */
  readonly #observations: HostObservations
  readonly #processes: HeardProcesses
  readonly #moves = new BoundedMap<string, WireBody<'move.stepped'>>({
    entriesMax: RECOVERIES_MAX,
    whenFull: 'drop-oldest',
  })

  constructor(clock: ClockPort, freshMs: number) {
    this.#clock = clock
    this.#observations = new HostObservations(clock, freshMs)
    this.#processes = new HeardProcesses(clock)
  }

  /** Takes one message of the bus. */
  hear(received: Received, bytes: number): void {
    const { type, body, epoch } = received
    if (type === 'host.observed') this.#observations.note(body.hostName, body)
    else if (type === 'leader.proclaimed') this.#processes.noteProclaimed(body)
    else if (type === 'move.stepped') this.#moves.set(body.notification, body)
    else if (type === 'role.health') {
      this.#processes.note({ health: body, epoch: body.leading ? epoch : null }, bytes)
    }
  }

  /** All that is known now. */
  fleet({ hosts, unfinished }: StoredView, faultsWaiting: number | undefined): Fleet {
    return {
      hosts: hosts.map((host) => this.#shown(host)),
      recoveries: unfinished.map((recovery) => this.#recovery(recovery)),
      processes: this.#processes.shown({ health: NOBODY, epoch: null }).slice(1),
      faultsWaiting,
    }
  }

  #shown({ name, onMaintenance, maintenanceBy }: HostProtection): ShownHost {
    const words = this.#observations.of(name)
    const states = words.map(({ state }) => state)
    const seen = WORST.find((each) => states.includes(each)) ?? 'unseen'
    const latest = Math.max(...words.map(({ seenAtWallMs }) => seenAtWallMs))
    return {
      name,
      state: !onMaintenance ? seen : maintenanceBy === null ? 'kept-out' : 'held',
      observers: words.map(({ observer }) => observer),
      ageMs: words.length === 0 ? undefined : this.#clock.wallMs() - latest,
    }
  }

  #recovery({ notification, host }: UnfinishedRecovery): ShownRecovery {
    const { uuid, type, status, message, generatedAt, sourceHost } = notification
    return {
      host: host?.name ?? sourceHost,
      type,
      status,
      message: message ?? '',
      ageMs: Math.max(0, this.#clock.wallMs() - generatedAt),
      moves: this.#moves.get(uuid),
    }
  }
}
