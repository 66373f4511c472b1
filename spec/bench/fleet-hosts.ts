/**
 * Many compute hosts in one process: an SSH server that all of them share, and one heartbeat of
 * each host a second on the bus. Started by `fleet.ts`, ends by a signal.
 */
import { connect } from 'nats'
import { encode } from '../../schema/messages/codec.ts'
import { hostName, nodeName } from '../../schema/ids.ts'
import { startSshAcceptor } from '../../ops/simulated-cloud/ssh-acceptor.ts'

const BEAT_MS = 1000
const [servers = '', cloud = '', ...names] = process.argv.slice(2)

const shells = await startSshAcceptor('0.0.0.0')
process.stdout.write(`hosts answer on port ${shells.port}\n`)

const bus = await connect({ servers })
let sequence = 0

/** The hosts do not beat in step: each has its own moment in the second. */
for (const [index, name] of names.entries()) {
  const beat = (): void => {
    sequence += 1
    const { subject, body } = encode(
      'host.heartbeat',
      {
        hostName: hostName(name),
        boot: 'b00t0000-0000-4000-8000-000000000001',
        libvirt: 'answers',
        libvirtAgeMs: 100,
        compute: 'runs',
        computeAgeMs: 100,
      },
      {
        cloud,
        node: nodeName(name),
        incarnation: `${name}-1`,
        sequence,
        id: `${name}.${sequence}`,
        epoch: null,
        sentAt: Date.now(),
      },
    )
    bus.publish(subject, body)
  }
  setTimeout(() => setInterval(beat, BEAT_MS), (index / names.length) * BEAT_MS)
}
