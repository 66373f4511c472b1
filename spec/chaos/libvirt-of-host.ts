/** libvirt of one simulated host: it shows the guests that run there, and tells what happens to them. */
import type { GuestEvent } from '../../actors/ports/guest.ts'
import { encodePacket, type Packet } from '../../transports/libvirt/packets.ts'
import { CALL, AGENT_COMMAND, EVENTS, PROGRAM } from '../../transports/libvirt/numbers.ts'
import { XdrReader, XdrWriter } from '../../transports/libvirt/xdr.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { DOMAIN_XML, startStandIn, type Reply } from '../support/libvirt-stand-in.ts'

/** How libvirt tells what our simulated machines have: procedure, and the numbers of the event. */
const TOLD: Partial<
  Record<GuestEvent, readonly [procedure: number, event: number, detail: number]>
> = {
  started: [EVENTS.lifecycle.procedure, 2, 0],
  'stopped-shutdown': [EVENTS.lifecycle.procedure, 5, 0],
  'stopped-destroyed': [EVENTS.lifecycle.procedure, 5, 1],
  'stopped-failed': [EVENTS.lifecycle.procedure, 5, 5],
  'agent-connected': [EVENTS.agent.procedure, 1, 1],
}
const RUNNING = [1, 1] as const
/** Shut off, for its emulator has crashed. */
const CRASHED = [5, 3] as const

export interface LibvirtOfHost extends AsyncDisposable {
  readonly socket: string
  /** The machine has lost its power: every connection ends. */
  drop(): void
}

/** Starts it on a socket of its own. */
export async function startLibvirtOfHost(
  cloud: SimulatedCloud,
  host: string,
): Promise<LibvirtOfHost> {
  const machine = cloud.machine(host)
  const daemon = await startStandIn({
    [CALL.list]: () => listReply([...machine.copies, ...machine.failedGuests].map(domain)),
    [CALL.xml]: (call) => (isBooting(idOf(call)) ? xml('disconnected') : xml('connected')),
    [CALL.state]: (call) => stateReply(idOf(call)),
    [AGENT_COMMAND]: (call) =>
      machine.copies.has(idOf(call)) ? new XdrWriter().optional('{"return":{}}') : 'refuse',
  })
  const isBooting = (id: InstanceId): boolean => machine.booting.has(id)
  const domain = (id: InstanceId): Buffer =>
    domainName(id, machine.copies.has(id) ? machine.guestFeed.runOf(id) : -1)
  const stateReply = (id: InstanceId): Reply => {
    if (machine.copies.has(id)) return numbers(RUNNING)
    return machine.failedGuests.has(id) ? numbers(CRASHED) : 'refuse'
  }
  const tell = (instance: InstanceId, event: GuestEvent): void => {
    const [procedure, ...rest] = TOLD[event] ?? []
    if (procedure === undefined) return
    const body = Buffer.concat([numbers([0]).bytes(), domain(instance), numbers(rest).bytes()])
    const packet = { program: PROGRAM.remote, procedure, type: 2, serial: 0, body }
    for (const connection of daemon.connections) connection.write(encodePacket(packet))
  }
  const ending = new AbortController()
  const telling = follow(ending.signal)
  return {
    socket: daemon.socket,
    drop() {
      for (const connection of daemon.connections) connection.destroy()
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      await telling
      await daemon[Symbol.asyncDispose]()
    },
  }

  async function follow(signal: AbortSignal): Promise<void> {
    const { guestFeed } = machine
    for (let place = guestFeed.end; !signal.aborted; place = guestFeed.end) {
      if (guestFeed.end === place) await guestFeed.more(signal)
      for (const news of guestFeed.since(place) ?? []) {
        if (news.type === 'happened' && machine.isRunning) tell(news.instance, news.event)
      }
    }
  }
}

const idOf = (call: Packet): InstanceId => new XdrReader(call.body).domain().uuid as InstanceId

const xml = (state: 'connected' | 'disconnected'): XdrWriter =>
  new XdrWriter().string(DOMAIN_XML.replace("state='connected'", `state='${state}'`))

function numbers(values: readonly number[]): XdrWriter {
  const writer = new XdrWriter()
  for (const value of values) writer.int(value)
  return writer
}

/** With the number of its run, which calls do not need. */
function domainName(uuid: string, run: number): Buffer {
  const bytes = new XdrWriter().domain(uuid).bytes()
  bytes.writeInt32BE(run, bytes.length - 4)
  return bytes
}

/** As the answer of a call; the stand-in gives it the serial of the call. */
function listReply(domains: readonly Buffer[]): Reply {
  const count = numbers([domains.length]).bytes()
  return new RawBody(Buffer.concat([count, ...domains, count]))
}

/** A body that is complete. */
class RawBody extends XdrWriter {
  readonly #body: Buffer

  constructor(body: Buffer) {
    super()
    this.#body = body
  }

  override bytes(): Buffer {
    return this.#body
  }
}
