/** What Nova itself has stopped on a host that is back is started once; what an owner has touched is his. */
import test from 'ava'
import { isLeftStopped, isNobodys } from '../../../actors/reconciler/left-stopped.ts'
import type { InstanceAction } from '../../../actors/ports/compute.ts'
import { instanceRow, ONE, TWO } from '../records.ts'

const stopped = { host: ONE, vmState: 'stopped', taskState: null, powerState: 4 }
const STATES = [
  ['stopped where it was left', stopped, true],
  ['still called active', { ...stopped, vmState: 'active' }, false],
  ['in ERROR', { ...stopped, vmState: 'error' }, false],
  ['busy', { ...stopped, taskState: 'powering-on' }, false],
  ['elsewhere by now', { ...stopped, host: TWO }, false],
  ['on no host', { ...stopped, host: null }, false],
] as const

for (const [title, change, expected] of STATES) {
  test(`an instance ${title}: ${expected ? 'perhaps' : 'not'} to be started`, (t) => {
    t.is(isLeftStopped({ sourceHost: ONE }, instanceRow(change)), expected)
  })
}

const PLANNED_AT = 1_000_000
const novas: InstanceAction = { action: 'stop', user: null, startedAt: 1_700_000 }
const by = (action: string, user: string | null, startedAt: number): InstanceAction => ({
  action,
  user,
  startedAt,
})

const HISTORIES: readonly (readonly [string, readonly InstanceAction[], boolean])[] = [
  ['Nova stopped it', [novas], true],
  ['Nova stopped it after we had tried to move it', [novas, by('evacuate', 'ha', 1_100_000)], true],
  [
    'it had been stopped and started long before',
    [novas, by('start', 'user', 500_000), by('stop', 'user', 400_000)],
    true,
  ],
  ['nobody stopped it since the plan', [by('stop', null, 500_000)], false],
  ['its user stopped it', [by('stop', 'user', 1_650_000)], false],
  ['its user stopped it, and Nova again', [novas, by('stop', 'user', 1_650_000)], false],
  ['somebody started it since', [by('start', 'user', 1_800_000), novas], false],
  [
    'we started it, and Nova stopped it again',
    [by('stop', null, 1_900_000), by('start', 'ha', 1_800_000), novas],
    false,
  ],
  ['somebody rebooted it since', [by('reboot', 'user', 1_800_000), novas], false],
]

for (const [title, actions, expected] of HISTORIES) {
  test(`${title}: it is ${expected ? '' : 'not '}started`, (t) => {
    t.is(isNobodys({ createdAt: PLANNED_AT }, actions), expected)
  })
}
