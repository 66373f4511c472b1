/** A storage outage: many guests in a segment fail, and one of its hosts dies among them. */
import test from 'ava'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import type { Notification } from '../../schema/records.ts'
import { defaultRules } from './story.ts'

const SIZE = { segments: 1, hostsPerSegment: 100, instances: 5200 }
const REPORTS = 5000
const isOpen = ({ status }: Notification): boolean =>
  status !== 'finished' && status !== 'ignored' && status !== 'failed'

/**
 * The simulated time from the hang of the host to its power-off, on the same seed with so many
 * reports.
 */
async function scene(reports: number) {
  await using deployment = new Deployment({ seed: 1, size: SIZE, rules: defaultRules() })
  await startAll(deployment)
  await deployment.pass(30_000)
  const { cloud, store, clock } = deployment
  const hosts = await store.listAllHosts()
  const [victim, ...others] = hosts.map(({ name }) => name)
  if (victim === undefined) throw new RangeError('there is no host')
  const { compute } = cloud.viewFor('witness')
  const listed = Promise.all(others.map((host) => compute.listInstances(host)))
  await deployment.pass(5000)
  const lists = await listed
  cloud.hangHost(victim)
  const startedAtMs = clock.monotonicMs()
  for (const { id, host } of lists.flat().slice(0, reports)) {
    if (host === null) throw new RangeError(`${id} is nowhere`)
    await store.acceptNotification({
      type: 'VM',
      hostName: host,
      generatedAt: clock.wallMs(),
      payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: id },
      duplicateWindowMs: 0,
    })
  }
  const isOff = (): boolean => cloud.log.some(({ text }) => text.includes(`power-off ${victim} `))
  while (!isOff() && clock.monotonicMs() - startedAtMs < 120_000) await deployment.pass(100)
  const offAfterMs = clock.monotonicMs() - startedAtMs
  const page = { limit: REPORTS + 1, sort: [{ key: 'created_at', direction: 'asc' }] } as const
  const readGuests = () => store.listNotifications({ type: 'VM' }, page)
  const endMs = clock.monotonicMs() + (reports === 0 ? 0 : 3_600_000)
  let guests = await readGuests()
  while (guests.some(isOpen) && clock.monotonicMs() < endMs) {
    await deployment.pass(60_000)
    guests = await readGuests()
  }
  return {
    offAfterMs,
    deadLetters: deployment.deadLetters,
    reported: guests.length,
    open: guests.filter(isOpen).length,
    violations: [...cloud.violations, ...deployment.checker.violations],
  }
}

test("faults of other hosts' guests do not delay the power-off of a dead host, and none of them is lost", async (t) => {
  t.timeout(480_000)
  const alone = await scene(0)
  const flooded = await scene(REPORTS)
  t.true(flooded.offAfterMs - alone.offAfterMs <= 1000, JSON.stringify({ alone, flooded }))
  t.is(flooded.deadLetters, 0)
  t.is(flooded.reported, REPORTS)
  t.is(flooded.open, 0)
  t.deepEqual(flooded.violations, [])
})
