/** The table of events: the page for operators says the same, and the engine acts on every fault that is reported. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import {
  GAP_MEANINGS,
  MEANINGS,
  silence,
  type Meaning,
} from '../../../actors/instance-watcher/guest-meanings.ts'
import { eventPolicy } from '../../../actors/instance-recovery/instance-events.ts'
import { LIFECYCLE, WATCHDOG, IO_ERROR, AGENT } from '../../../transports/libvirt/numbers.ts'
import { GUEST_EVENTS } from '../../../actors/ports/guest.ts'

const page = readFileSync('ops/docs/guest-faults.md', 'utf8')

const rowsOf = (chapter: string): readonly string[] => {
  const [, text = ''] = page.split(`## ${chapter}\n`)
  const [own = ''] = text.split(/^## /m)
  return own.split('\n').filter((line) => line.startsWith('| `'))
}

const cell = (meaning: Meaning): string =>
  meaning.kind === 'fault'
    ? `report \`${meaning.event} ${meaning.domainEvent}\`${meaning.when === 'held' ? ', 5 s later' : ''}`
    : meaning.kind

const rowsFor = (meanings: Readonly<Record<string, Meaning>>): readonly string[] =>
  Object.entries(meanings).map(
    ([name, meaning]) => `| \`${name}\` | ${cell(meaning)} | ${meaning.text} |`,
  )

test('the page lists every event with what it means', (t) => {
  t.deepEqual(rowsOf('Events'), rowsFor(MEANINGS))
})

test('the page lists what a guest may be found as after a gap', (t) => {
  t.deepEqual(rowsOf('After a gap'), rowsFor(GAP_MEANINGS))
})

test('the engine acts on every fault that is reported', (t) => {
  const faults = [...Object.values(MEANINGS), ...Object.values(GAP_MEANINGS), silence(3)]
  for (const meaning of faults) {
    if (meaning.kind !== 'fault') continue
    const payload = { event: meaning.event, vir_domain_event: meaning.domainEvent }
    t.is(eventPolicy({ payload }).kind, 'act', meaning.domainEvent)
  }
})

test('every event that has a name can come from libvirt', (t) => {
  const tables = [...Object.values(LIFECYCLE), WATCHDOG, IO_ERROR, AGENT]
  const named = new Set<string>(tables.flatMap((table) => Object.values(table)))
  const others = ['reboot', 'control-error', 'memory-failure', 'disk-full']
  t.deepEqual(
    GUEST_EVENTS.filter((event) => !named.has(event)),
    GUEST_EVENTS.filter((event) => others.includes(event)),
  )
})
