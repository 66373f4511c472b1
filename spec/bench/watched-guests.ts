/** An instance-monitor of many guests, as a process of its own; started by `guests.ts` with a socket, ends by signal. */
import { NactTurns } from '../../actors/kernel/nact-turns.ts'
import { createStorelessNode } from '../../ops/roles/instance-monitor.ts'
import { readLibvirtUri } from '../../ops/config/libvirt-uri.ts'
import { rulesOf } from '../../ops/roles/rules.ts'
import { hostName, nodeName } from '../../schema/ids.ts'
import { LibvirtGuests } from '../../transports/libvirt/guests.ts'
import { createLogger } from '../../transports/log/logger.ts'
import { MemoryBroker } from '../../transports/memory/broker.ts'
import { MemoryFaultSpool } from '../../transports/memory/fault-spool.ts'
import { MemoryRunRecord } from '../../transports/memory/run-record.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { ComputeProcess, readBoot } from '../../transports/system/compute-process.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { configOf } from './config.ts'

const host = hostName('compute-1')
const location = readLibvirtUri(`qemu:///system?socket=${process.argv[2] ?? ''}`)
if ('problem' in location) throw new Error(location.problem)
const config = configOf('', 'embedded')
const clock = new SystemClock()
const log = createLogger('error')
const libvirt = new LibvirtGuests({ clock, log, location: location.value })
const compute = new ComputeProcess(clock)
const look = async () => {
  const { daemon, ageMs } = libvirt.health()
  const boot = await readBoot()
  return { boot, libvirt: daemon, libvirtAgeMs: ageMs, ...(await compute.look()) }
}
const node = createStorelessNode(
  {
    node: nodeName('compute-1'),
    cloud: 'bench',
    rules: rulesOf(config),
    clock,
    random: new SystemRandom(),
    log,
    turns: new NactTurns(),
    bus: new MemoryBroker({ clock, log, leaseTtlMs: config.lease.ttlMs }).bus('compute-1'),
    guests: new Map([[host, libvirt]]),
    hostHealth: new Map([[host, { look }]]),
    spool: new MemoryFaultSpool(),
    runRecords: new Map([[host, new MemoryRunRecord(() => 'one')]]),
  },
  {
    onGiveUp: (path, error) => {
      throw new Error(`${path} gave up`, { cause: error })
    },
  },
)
node.start()
process.stdout.write('guests are watched\n')
