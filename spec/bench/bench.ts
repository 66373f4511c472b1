/** Prints our own measurements, each figure with its target; ends with 1 when one is missed. */
import { withFirstCause } from '../support/first-cause.ts'
import { measureAcceptance } from './acceptance.ts'
import { measureBmcPolls } from './bmc-polls.ts'
import { measureConsole } from './console.ts'
import { lineOf, meets, type Figure } from './figure.ts'
import { measureDetection } from './detection.ts'
import { measureFaultFlood, measureFaults } from './faults.ts'
import { measureFalseVerdicts } from './false-verdicts.ts'
import { measureFleet } from './fleet.ts'
import { measureGateway } from './gateway.ts'
import { openHttpScene } from './http-scene.ts'
import { measureGuestFlood } from './guest-flood.ts'
import { measureGuests } from './guests.ts'
import { measureImport } from './import.ts'
import { measureKernel } from './kernel.ts'
import { measureLargeCloud } from './large-cloud.ts'
import { measureMemory } from './memory.ts'
import { measureOpenstack } from './openstack.ts'
import { measureRecovery } from './recovery.ts'
import { measureScale } from './scale.ts'
import { measureSimulator } from './simulator.ts'
import { measureStrangers } from './strangers.ts'

async function measureHttpRecovery(): Promise<readonly Figure[]> {
  await using scene = await openHttpScene()
  return (await measureRecovery(scene)).figures
}

/** One after the other, because they would disturb each other. */
const MEASUREMENTS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  kernel: measureKernel,
  simulator: measureSimulator,
  detection: measureDetection,
  'false-verdicts': measureFalseVerdicts,
  scale: measureScale,
  acceptance: measureAcceptance,
  faults: measureFaults,
  'fault-flood': measureFaultFlood,
  gateway: measureGateway,
  console: measureConsole,
  recovery: measureHttpRecovery,
  openstack: measureOpenstack,
  memory: measureMemory,
  guests: measureGuests,
  'guest-flood': measureGuestFlood,
  strangers: measureStrangers,
  'bmc-polls': measureBmcPolls,
  fleet: measureFleet,
  'large-cloud': measureLargeCloud,
  import: measureImport,
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function bench(names: readonly string[]): Promise<number> {
  let missed = 0
  for (const name of names.length === 0 ? Object.keys(MEASUREMENTS) : names) {
    const measure = MEASUREMENTS[name]
    if (measure === undefined) throw new Error(`there is no measurement ${name}`)
    if (names.length === 0 && name === 'openstack' && process.env['OS_AUTH_URL'] === undefined) {
      print('left out: recovery on OpenStack, for OS_AUTH_URL is not set (`source openrc`)')
      continue
    }
    const figures = await withFirstCause(measure, print)
    for (const figure of figures) print(lineOf(figure))
    missed += figures.filter(({ value, target }) => !meets(value, target)).length
  }
  print(missed === 0 ? 'every target is met' : `targets missed: ${missed}`)
  return missed === 0 ? 0 : 1
}

process.exitCode = await bench(process.argv.slice(2))
