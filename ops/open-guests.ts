/** Opens the ports of an instance-monitor to its compute host: libvirt, a file for faults, and the health of the host. */
import type { ClockPort } from '../actors/ports/clock.ts'
import type { FaultSpool } from '../actors/ports/fault-spool.ts'
import type { GuestPort } from '../actors/ports/guest.ts'
import type { HostHealthPort } from '../actors/ports/host-health.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { RunRecord } from '../actors/ports/run-record.ts'
import type { Config } from '../schema/config.ts'
import { hostName, type HostName } from '../schema/ids.ts'
import { LibvirtGuests } from '../transports/libvirt/guests.ts'
import { ComputeProcess, readBoot } from '../transports/system/compute-process.ts'
import { FileFaultSpool } from '../transports/system/fault-spool.ts'
import { FileRunRecord } from '../transports/system/run-record.ts'

interface Around {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly closing: AsyncDisposableStack
}

/** The ports of an instance-monitor to its host. */
export interface GuestWorld {
  readonly guests: ReadonlyMap<HostName, GuestPort>
  /** Of the faults of those guests. */
  readonly spool: FaultSpool
  /** Of the guests that run on those hosts. */
  readonly runRecords: ReadonlyMap<HostName, RunRecord>
  /** Compute hosts whose heartbeats this process sends. */
  readonly hostHealth: ReadonlyMap<HostName, HostHealthPort>
}

/** Opens libvirt when this process is an instance-monitor. The daemon does not have to run yet. */
export function openGuests(config: Config, { clock, log, closing }: Around): GuestWorld {
  const spool = new FileFaultSpool(config.ssh.stateDirectory, log)
  const guests = new Map<HostName, GuestPort>()
  const hostHealth = new Map<HostName, HostHealthPort>()
  const runRecords = new Map<HostName, RunRecord>()
  if (!config.node.roles.includes('instance-monitor')) {
    return { guests, hostHealth, spool, runRecords }
  }
  const boot = readBoot()
  const host = hostName(config.node.name)
  const libvirt = closing.use(new LibvirtGuests({ clock, log, location: config.guest.connection }))
  guests.set(host, libvirt)
  runRecords.set(host, new FileRunRecord(config.ssh.stateDirectory, { host, boot }, log))
  hostHealth.set(host, healthOf(libvirt, new ComputeProcess(clock), boot))
  return { guests, hostHealth, spool, runRecords }
}

function healthOf(
  libvirt: LibvirtGuests,
  compute: ComputeProcess,
  boot: Promise<string | undefined>,
): HostHealthPort {
  return {
    look: async () => {
      const { daemon, ageMs } = libvirt.health()
      return { boot: await boot, libvirt: daemon, libvirtAgeMs: ageMs, ...(await compute.look()) }
    },
  }
}
