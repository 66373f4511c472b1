/**
 * SSH probes that the leader begins at the first doubt of a host. When its observers agree on the
 * death, the leader has waited for a part of the answer already.
 */
import type { SshSettings } from '../../schema/control-attributes.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { HostId } from '../../schema/ids.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { ShellPort, ShellProbe } from '../ports/shell.ts'
import { CONNECT_MS, LOOK_MS } from './look.ts'

/** The most hosts that are probed early. So many at once are held by the storm guard anyway. */
const HOSTS_MAX = 32
/** How long silence counts after the wait for it, ms. A host that answers again since then is asked anew. */
const SILENCE_MS = 1000
/** Pause before a host that stays in doubt is probed early again, ms. */
const AGAIN_MS = 10_000

interface EarlyProbe {
  readonly address: string
  readonly atMs: number
  readonly answer: Promise<ShellProbe>
}

export class EarlyProbes {
  readonly #clock: ClockPort
  readonly #begun = new BoundedMap<HostId, EarlyProbe>({
    entriesMax: HOSTS_MAX,
    whenFull: 'drop-oldest',
  })

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** How many hosts were probed early. */
  get size(): number {
    return this.#begun.size
  }

  /** False while an earlier probe of this host is young, or too many other ones are. */
  isDue(host: HostId): boolean {
    const dueBeforeMs = this.#clock.monotonicMs() - AGAIN_MS
    const young = [...this.#begun.values()].filter(({ atMs }) => atMs > dueBeforeMs)
    const before = this.#begun.get(host)
    return young.length < HOSTS_MAX && (before === undefined || before.atMs <= dueBeforeMs)
  }

  /** Begins a probe. */
  begin(host: HostId, ssh: SshSettings, shell: Pick<ShellPort, 'probe'>): void {
    const answer = shell.probe(ssh, LOOK_MS, CONNECT_MS)
    this.#begun.set(host, { address: addressOf(ssh), atMs: this.#clock.monotonicMs(), answer })
  }

  /** The answer of a young probe at the same address; undefined when there is none. */
  answerOf(host: HostId, ssh: SshSettings): Promise<ShellProbe> | undefined {
    const begun = this.#begun.get(host)
    if (begun === undefined || begun.address !== addressOf(ssh)) return undefined
    return this.#clock.monotonicMs() - begun.atMs <= CONNECT_MS + SILENCE_MS
      ? begun.answer
      : undefined
  }
}

const addressOf = ({ address, port, username }: SshSettings): string =>
  `${username}@[${address}]:${port}`
