/**
 * What watching guests costs a compute host: our own share of a core with 200 guests, of a daemon that only stands in, for it is
 * our side that is measured; and what a real libvirt with a few real guests takes for somebody else's call meanwhile, with as
 * many pings a second as 200 guests get.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLibvirtUri } from '../../ops/config/libvirt-uri.ts'
import { createLogger } from '../../transports/log/logger.ts'
import { LibvirtConnection } from '../../transports/libvirt/connection.ts'
import { LibvirtGuests } from '../../transports/libvirt/guests.ts'
import { CALL } from '../../transports/libvirt/numbers.ts'
import { XdrWriter } from '../../transports/libvirt/xdr.ts'
import type { HypervisorLocation } from '../../schema/config/option.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { startStandIn } from '../support/libvirt-stand-in.ts'
import { startLibvirtd, type RealGuest } from '../support/libvirtd.ts'
import { startServer } from '../support/process.ts'
import { median, quantile, type Figure } from './figure.ts'

const GUESTS = 200
const WATCHED_MS = 40_000
/** Ticks of the kernel's clock a second, as /proc counts them. */
const TICKS = 100
const REAL_GUESTS = 4
/** Of each kind; one every 10 ms. */
const CALLS = 1000
/** 200 guests every 10 s. */
const PINGS_PER_SECOND = 20

/** Measures both. */
export async function measureGuests(): Promise<readonly Figure[]> {
  return [await shareOfCore(), ...(await latencies())]
}

async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS
}

async function shareOfCore(): Promise<Figure> {
  await using daemon = await startStandIn({}, GUESTS)
  await using monitor = await startServer({
    command: process.execPath,
    args: ['spec/bench/watched-guests.ts', daemon.socket],
    ready: /guests are watched/,
  })
  await sleep(5000) // its start is not what is measured
  const before = { cpu: await cpuMs(monitor.pid), pings: daemon.calls.get(3) ?? 0 }
  await sleep(WATCHED_MS)
  const spent = (await cpuMs(monitor.pid)) - before.cpu
  const pings = (daemon.calls.get(3) ?? 0) - before.pings
  return {
    what: `our share of a core with ${GUESTS} guests`,
    value: (100 * spent) / WATCHED_MS,
    unit: '%',
    target: { kind: 'at-most', value: 2 },
    remark: `${pings} pings and ${WATCHED_MS / 1000} heartbeats of the host in ${WATCHED_MS / 1000} s, stand-in daemon`,
  }
}

async function latencies(): Promise<readonly Figure[]> {
  await using daemon = await startLibvirtd()
  const guests = await Promise.all(Array.from({ length: REAL_GUESTS }, () => daemon.startGuest()))
  await Promise.all(guests.map((guest) => guest.booted()))
  await sleep(5000) // until the guests are idle
  const read = readLibvirtUri(`qemu:///system?socket=${daemon.socket}`)
  if ('problem' in read) throw new Error(read.problem)
  const alone = await stateCalls(read.value, guests)
  const stop = new AbortController()
  const pinging = ping(read.value, guests, stop.signal)
  const together = await stateCalls(read.value, guests)
  stop.abort()
  const pings = await pinging
  const remark = `libvirt with ${REAL_GUESTS} real guests, ${pings} pings a second`
  const target = { kind: 'at-most', value: 2 } as const
  return [
    {
      what: 'state call without us, median / 99 %',
      value: median(alone),
      unit: 'ms',
      remark: `99 %: ${quantile(alone, 0.99).toFixed(2)} ms`,
    },
    {
      what: 'state call beside us, median, as a multiple',
      value: median(together) / median(alone),
      unit: '×',
      target,
      remark: `${median(together).toFixed(2)} ms, 99 %: ${quantile(together, 0.99).toFixed(2)} ms; ${remark}`,
    },
  ]
}

/** How long somebody else's calls take, ms. */
async function stateCalls(
  { driver, doors }: HypervisorLocation,
  guests: readonly RealGuest[],
): Promise<readonly number[]> {
  using connection = await LibvirtConnection.open({
    clock: new SystemClock(),
    address: doors[0].full,
    driver,
    access: 'full',
    listener: { onEvent: () => {} },
  })
  const times: number[] = []
  for (let n = 0; n < CALLS; n += 1) {
    const uuid = guests[n % guests.length]?.instance ?? ''
    const from = performance.now()
    await connection.call(CALL.state, new XdrWriter().domain(uuid).int(0), { deadlineMs: 10_000 })
    times.push(performance.now() - from)
    await sleep(10)
  }
  return times
}

/** Pings all the time; answers how many a second. */
async function ping(
  location: HypervisorLocation,
  guests: readonly RealGuest[],
  signal: AbortSignal,
): Promise<number> {
  await using port = new LibvirtGuests({
    clock: new SystemClock(),
    log: createLogger('error'),
    location,
  })
  await port.news('snapshot', signal)
  const from = performance.now()
  let pings = 0
  while (!signal.aborted) {
    const signs = await port.heartbeats(
      guests.map(({ instance }) => instance),
      2000,
    )
    pings += [...signs.values()].filter((sign) => sign === 'alive').length
    await sleep((1000 * guests.length) / PINGS_PER_SECOND)
  }
  return Math.round((1000 * pings) / (performance.now() - from))
}
