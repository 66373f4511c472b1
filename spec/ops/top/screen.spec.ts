/** What the command top shows, and that it fits the terminal. */
import test from 'ava'
import { hostName } from '../../../schema/ids.ts'
import { FleetBoard } from '../../../ops/top/fleet-board.ts'
import { age, screenOf } from '../../../ops/top/screen.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'

const host = (name: string, onMaintenance = false) => ({
  name: hostName(name),
  onMaintenance,
  maintenanceBy: null,
  segmentName: 's',
  segmentEnabled: true,
  choices: {},
})
const AROUND = {
  id: 'm',
  sender: 'n',
  incarnation: 'i',
  sequence: 1,
  sentAt: 0,
  trace: null,
} as const
const HEALTH = { deadLetters: 0, parked: 0, actors: [] }

function board() {
  const fleet = new FleetBoard(new VirtualClock(), 60_000)
  const observe = (hostName: string, observer: string, state: 'alive' | 'dead'): void => {
    const body = { host: 'h', hostName, segment: 's', observer, state, evidence: [] }
    fleet.hear({ ...AROUND, epoch: null, type: 'host.observed', body }, 100)
  }
  observe('compute-1', 'monitor-1', 'alive')
  observe('compute-2', 'monitor-1', 'alive')
  observe('compute-2', 'monitor-2', 'dead')
  const body = { ...HEALTH, node: 'engine-1', roles: ['engine'], leading: true }
  fleet.hear({ ...AROUND, epoch: 7, type: 'role.health', body }, 100)
  const hosts = ['compute-1', 'compute-2', 'compute\u202e-3'].map((name) => host(name))
  return fleet.fleet({ hosts: [...hosts, host('compute-4', true)], unfinished: [] }, undefined)
}

const drawn = (columns: number, rows: number): readonly string[] =>
  screenOf(board(), { cloud: 'one', wallMs: 0, size: { columns, rows } }, (_style, text) => text)

test('the worst word about a host counts, and a host that nobody speaks of is named', (t) => {
  const text = drawn(200, 100).join('\n')
  t.regex(text, /hosts {4}4: 1 dead, 1 unseen, 1 kept-out, 1 alive/)
  t.regex(text, /compute-2 +dead +by monitor-1, monitor-2/)
  t.regex(text, /compute\\u\{202e\}-3 +unseen +nobody speaks of it/)
  t.regex(text, /leader {3}engine-1, epoch 7/)
  t.regex(text, /unknown number of faults/)
})

test('the screen is never larger than the terminal', (t) => {
  for (const [columns, rows] of [
    [200, 100],
    [40, 8],
    [10, 3],
    [1, 1],
  ] as const) {
    const lines = drawn(columns, rows)
    t.true(lines.length <= rows, `${lines.length} lines in ${rows} rows`)
    t.true(lines.every((line) => line.length <= columns))
  }
  t.regex(drawn(40, 8).at(-1) ?? '', /more lines/)
})

test('an age has the unit that fits it', (t) => {
  t.deepEqual([4200, 720_000, 11_160_000].map(age), ['4.2 s', '12 min', '3.1 h'])
})
