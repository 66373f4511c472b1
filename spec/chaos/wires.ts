/** The network between one process of the product and the servers that it uses: relays that can be held. */
import { openTcpRelay, type TcpRelay } from '../support/tcp-relay.ts'

export type WireName = 'bus' | 'store' | 'identity'

/** Addresses as one process is given them. */
export interface Wires extends AsyncDisposable {
  readonly bus: readonly number[]
  readonly store: number
  readonly identity: number
  /** From now on nothing comes through, in both directions. */
  hold(names: readonly WireName[]): void
  /** What was held comes through. */
  release(): void
  /** Connections are reset. */
  cut(): void
}

/** Opens relays to the ports of the servers. */
export async function openWires(ports: {
  readonly bus: readonly number[]
  readonly store: number
  readonly identity: number
}): Promise<Wires> {
  await using opening = new AsyncDisposableStack()
  const open = async (port: number): Promise<TcpRelay> => opening.use(await openTcpRelay(port))
  const bus = await Promise.all(ports.bus.map(open))
  const [store, identity] = [await open(ports.store), await open(ports.identity)]
  const byName: Readonly<Record<WireName, readonly TcpRelay[]>> = {
    bus,
    store: [store],
    identity: [identity],
  }
  const all = Object.values(byName).flat()
  const kept = opening.move()
  return {
    bus: bus.map(({ port }) => port),
    store: store.port,
    identity: identity.port,
    hold(names) {
      for (const relay of names.flatMap((name) => byName[name])) relay.hold('both')
    },
    release() {
      for (const relay of all) relay.hold('nothing')
    },
    cut() {
      for (const relay of all) relay.cut()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
