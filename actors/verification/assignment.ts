/**
 * Which host monitors watch a host. Every process computes it alone and comes to the same answer: rendezvous hashing by monitor and host, so
 * that a monitor that joins or leaves moves only the hosts that it gets or had. An observer watches what is assigned to it; the engine
 * listens to those whom a host is assigned to. Pure.
 */

/** running: it registers; unsure: it has just come, or may have gone: it is there all the same, and does not count as one of the `k`. */
export type MonitorPresence = 'running' | 'unsure'

/** By name. */
export type Monitors = ReadonlyMap<string, MonitorPresence>

/** The first `k` running monitors in the order of the host, and on the way to them all who are unsure: rather more than fewer. */
export function assignedTo(host: string, monitors: Monitors, k: number): readonly string[] {
  const order = [...monitors.keys()]
    .map((name) => ({ name, weight: weightOf(name, host) }))
    .toSorted((one, other) => other.weight - one.weight || (one.name < other.name ? -1 : 1))
  const assigned: string[] = []
  let running = 0
  for (const { name } of order) {
    if (running >= k) break
    assigned.push(name)
    if (monitors.get(name) === 'running') running += 1
  }
  return assigned
}

/** A number that depends on every bit of both names: FNV-1a, and the last steps of MurmurHash3, without which similar names stay near. */
function weightOf(monitor: string, host: string): number {
  let hash = 0x811c9dc5
  for (const char of `${monitor}\n${host}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
