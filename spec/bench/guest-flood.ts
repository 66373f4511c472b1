/**
 * Whether thousands of guests' faults delay the fault of a host. A storage outage makes such
 * numbers.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { decode, encode, subjectOf } from '../../schema/messages/codec.ts'
import { temporaryDirectory } from '../support/process.ts'
import { until } from '../support/until.ts'
import { configOf } from './config.ts'
import { startEmbedded } from './embedded-product.ts'
import type { Figure } from './figure.ts'

const HOSTS = 100
const REPORTS = 5000
/** Enough, without those of the host that dies. */
const INSTANCES = 5200
const PATIENCE_MS = 600_000

interface Measured {
  /** From an observer's first report that the host is dead to the order to power it off. */
  readonly delayMs: number
  readonly deadLetters: number
  readonly heapMb: number
}

/**
 * The same host dies twice: without other faults, and among thousands of reports about guests of
 * its segment.
 */
export async function measureGuestFlood(): Promise<readonly Figure[]> {
  const alone = await measure(0)
  const flooded = await measure(REPORTS)
  const remark = `${alone.delayMs.toFixed(0)} ms alone, ${flooded.delayMs.toFixed(0)} ms among them, on SQLite`
  return [
    {
      what: `power-off of a dead host, held up by ${REPORTS} guests' faults`,
      value: (flooded.delayMs - alone.delayMs) / 1000,
      unit: 's',
      target: { kind: 'at-most', value: 1 },
      remark,
    },
    {
      what: 'the same, as a ratio of the two delays',
      value: flooded.delayMs / alone.delayMs,
      unit: '×',
      remark,
    },
    {
      what: 'dead letters among them',
      value: flooded.deadLetters,
      unit: '',
      target: { kind: 'at-most', value: 0 },
      remark: `${flooded.heapMb.toFixed(0)} MB of heap at the end, ${alone.heapMb.toFixed(0)} MB alone`,
    },
  ]
}

async function measure(reports: number): Promise<Measured> {
  await using directory = await temporaryDirectory('flood')
  const database = `sqlite:///${join(directory.path, 'store.sqlite')}`
  const text = `[api]\nlisten_port = 0\n[database]\nconnection = ${database}\n`
  const config = configOf(text, 'embedded')
  const size = { segments: 1, hostsPerSegment: HOSTS, instances: INSTANCES }
  const { clock, bus, node, embedded, end } = await startEmbedded(config, size)
  const { cloud, segments } = embedded
  const [victim, ...others] = segments.flatMap(({ hosts }) => hosts.map(({ name }) => name))
  if (victim === undefined) throw new RangeError('there is no host')
  let deadAtMs = Infinity
  const pattern = subjectOf(config.bus.cloud, 'observation', 'host', '*', '*', victim)
  await using _listening = bus.subscribe(pattern, (message) => {
    const { type, body: said } = decode(message)
    if (type === 'host.observed' && said.state === 'dead') {
      deadAtMs = Math.min(deadAtMs, performance.now())
    }
  })
  await until('the window is settled', () => clock.monotonicMs() > 15_000, PATIENCE_MS)
  const compute = cloud.viewFor('bench').compute
  const guests = (await Promise.all(others.map((host) => compute.listInstances(host)))).flat()
  const from = { cloud: config.bus.cloud, node: 'monitor-9', incarnation: randomUUID() }
  cloud.hangHost(victim)
  for (const { id: instance, host } of guests.slice(0, reports)) {
    const id = randomUUID()
    const hostName = host ?? ''
    const fault = { event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED', evidence: [] }
    const { subject, body } = encode(
      'guest.failed',
      { instance, hostName, ...fault },
      { ...from, id, sequence: 1, epoch: null, sentAt: Date.now() },
    )
    await bus.publishFault(subject, body, id)
  }
  let offAtMs = Infinity
  await until(
    `${victim} is powered off`,
    () => {
      const isOrdered = cloud.log.some(({ text }) => text.includes(`power-off ${victim} `))
      if (isOrdered) offAtMs = Math.min(offAtMs, performance.now())
      return isOrdered
    },
    PATIENCE_MS,
  )
  const deadLetters = node.system.deadLetters()
  const heapMb = process.memoryUsage().heapUsed / 1024 / 1024
  await end()
  return { delayMs: offAtMs - deadAtMs, deadLetters, heapMb }
}
