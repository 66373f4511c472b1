/** Hosts that are registered here and unknown to Compute, and hosts of Compute that are registered in no segment. Pure. */

/** Each kind by name; whoever is in neither list is fine. */
export interface Strays {
  readonly unknownToCompute: ReadonlySet<string>
  readonly unregistered: ReadonlySet<string>
}

export const NO_STRAYS: Strays = { unknownToCompute: new Set(), unregistered: new Set() }

/** Whether every host is fine. */
export const isNone = ({ unknownToCompute, unregistered }: Strays): boolean =>
  unknownToCompute.size + unregistered.size === 0

/** Those of now, by the names on both sides. */
export function straysOf(registered: Iterable<string>, known: Iterable<string>): Strays {
  const ours = new Set(registered)
  const theirs = new Set(known)
  return { unknownToCompute: without(ours, theirs), unregistered: without(theirs, ours) }
}

/** Those who have become strays since then: each is logged once, until it has been fine again. */
export const newStrays = (now: Strays, before: Strays): Strays => ({
  unknownToCompute: without(now.unknownToCompute, before.unknownToCompute),
  unregistered: without(now.unregistered, before.unregistered),
})

const without = (names: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...names].filter((name) => !others.has(name)))
