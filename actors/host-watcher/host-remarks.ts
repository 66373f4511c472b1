/** What a host monitor knows of its hosts beside life and death, for operators: names that only one side knows, and libvirt's health. */
import type { HostName } from '../../schema/ids.ts'
import { REMARKED_NAMES_MAX, type HostRemarksShown } from '../../schema/messages/host-remarks.ts'
import type { HostHeartbeat } from '../../schema/messages/observation.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { Strays } from './membership.ts'

/** A host sends a heartbeat each second; what the last one said of libvirt is shown no longer than this after it, ms. */
const HEARD_MS = 15_000

type Libvirt = HostHeartbeat['libvirt']

export class HostRemarks {
  readonly #clock: ClockPort
  /** Only hosts that this process watches. */
  readonly #libvirt = new Map<HostName, { readonly libvirt: Libvirt; readonly atMs: number }>()
  #strays: Strays | undefined

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** Those of now, in place of what was known. */
  noteStrays(strays: Strays): void {
    this.#strays = strays
  }

  /** What a heartbeat of a watched host says of libvirt. */
  noteLibvirt(host: HostName, libvirt: Libvirt): void {
    this.#libvirt.set(host, { libvirt, atMs: this.#clock.monotonicMs() })
  }

  /** The host is not watched any more. */
  forget(host: HostName): void {
    this.#libvirt.delete(host)
  }

  /** Undefined while nothing is known: the process watches no host, and has not read both lists of hosts. */
  shown(): HostRemarksShown | undefined {
    if (this.#strays === undefined && this.#libvirt.size === 0) return undefined
    const since = this.#clock.monotonicMs() - HEARD_MS
    const heard = [...this.#libvirt].filter(([, { atMs }]) => atMs >= since)
    const hostsWith = (wanted: Libvirt): readonly HostName[] =>
      heard.flatMap(([host, { libvirt }]) => (libvirt === wanted ? [host] : []))
    return {
      ...(this.#strays === undefined
        ? {}
        : {
            unknownToCompute: named(this.#strays.unknownToCompute),
            unregistered: named(this.#strays.unregistered),
          }),
      libvirtAnswers: hostsWith('answers').length,
      libvirtSilent: named(hostsWith('silent')),
      libvirtUnknown: hostsWith('unknown').length,
    }
  }
}

/** Sorted, so that the same names are shown each time. */
const named = (names: Iterable<string>): { count: number; hosts: string[] } => {
  const sorted = [...names].toSorted()
  return {
    count: sorted.length,
    hosts: sorted.slice(0, REMARKED_NAMES_MAX).map((name) => name.slice(0, NAME_LENGTH_MAX)),
  }
}

/** As long as a name in our messages. */
const NAME_LENGTH_MAX = 255
