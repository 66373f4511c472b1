/**
 * What hears the decisions of a process: everything that its actors announce, and how their states change. The log, the metrics
 * and the traces are made from it, so no actor speaks of them.
 */
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'

export interface Witness {
  /** An actor has changed its state. */
  turned(path: string, from: string, to: string, reason: string | null): void
  /** A message was sent to everybody who listens. */
  announced<Name extends WireType>(type: Name, body: WireBody<Name>): void
  /** The bus has stored a fault. */
  submitted<Name extends WireType>(type: Name, body: WireBody<Name>): void
}

/** Tells each of them. */
export function everyWitness(witnesses: readonly Witness[]): Witness {
  return {
    turned(path, from, to, reason) {
      for (const each of witnesses) each.turned(path, from, to, reason)
    },
    announced(type, body) {
      for (const each of witnesses) each.announced(type, body)
    },
    submitted(type, body) {
      for (const each of witnesses) each.submitted(type, body)
    },
  }
}

/** Announces as before, and tells the witness. */
export function witnessed(announcer: Announcer, witness: Witness): Announcer {
  return {
    announce(type, body) {
      announcer.announce(type, body)
      witness.announced(type, body)
    },
    async submit(type, body, id) {
      await announcer.submit(type, body, id)
      witness.submitted(type, body)
    },
  }
}

/** The names of the actors of a path by their kinds, the outermost first. */
export function namesIn(path: string): ReadonlyMap<string, string> {
  const parts = path.split('/')
  const names = new Map<string, string>()
  for (let at = 0; at < parts.length; at += 2) names.set(parts[at] ?? '', parts[at + 1] ?? '')
  return names
}
