/** The HostHealth port of one simulated compute host, as a process on that host has it. */
import type { HostHealth, HostHealthPort } from '../../actors/ports/host-health.ts'
import { passOn } from './machine-time.ts'
import type { Machine } from './machine.ts'
import type { Site } from './site.ts'

/** A look takes no time on a machine that is well, and never ends on one that has lost its power since we started there. */
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
