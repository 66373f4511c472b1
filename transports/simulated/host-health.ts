/** The HostHealth port of one simulated compute host, for a process on that host. */
import type { HostHealth, HostHealthPort } from '../../actors/ports/host-health.ts'
import { passOn } from './machine-time.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'

/** A look takes no time on a healthy machine. It never ends on a machine that has lost its power since the process started. */
export function simulatedHostHealth(site: Site, machine: Machine): HostHealthPort {
  const { boot } = machine
  return {
    look: async (): Promise<HostHealth> => {
      if (!machine.isRunning || machine.boot !== boot)
        await passOn(site, machine, { forMs: 0, boot })
      return {
        boot: `boot-${boot}`,
        libvirt: 'answers',
        libvirtAgeMs: 0,
        compute: machine.novaCompute === 'up' ? 'runs' : 'gone',
        computeAgeMs: 0,
      }
    },
  }
}
