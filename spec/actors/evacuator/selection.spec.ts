/** Which instances are moved, in which order, and why the others are not. */
import test from 'ava'
import {
  selectInstances,
  verdictOn,
  type DiskPolicy,
  type SelectionRules,
} from '../../../actors/evacuator/selection.ts'
import { isHaEnabled } from '../../../actors/policy/ha-enabled.ts'
import type { Instance } from '../../../actors/ports/compute.ts'
import { I1, I2, I3, instanceRow } from '../records.ts'

const RULES: SelectionRules = {
  evacuateAll: true,
  haMetadataKey: 'HA_Enabled',
  priorityMetadataKey: 'HA_Priority',
  ignoreInstancesInError: true,
}
const SHARED: DiskPolicy = { instanceDisks: 'shared', rebuildLocal: 'forbid' }
const LOCAL: DiskPolicy = { instanceDisks: 'local', rebuildLocal: 'forbid' }
const plain = instanceRow({ id: I1 })
const marked = instanceRow({ id: I2, metadata: { HA_Enabled: 'True' } })

for (const word of ['1', 't', 'true', 'on', 'y', 'yes', 'TRUE', ' Yes ']) {
  test(`an instance marked '${word}' is HA-enabled`, (t) => {
    t.true(isHaEnabled(instanceRow({ metadata: { HA_Enabled: word } }), 'HA_Enabled'))
  })
}

for (const word of ['', '0', 'false', 'no', 'off', 'enabled']) {
  test(`an instance marked '${word}' is not HA-enabled`, (t) => {
    t.false(isHaEnabled(instanceRow({ metadata: { HA_Enabled: word } }), 'HA_Enabled'))
  })
}

const order = (...instances: readonly Instance[]): readonly string[] =>
  selectInstances(instances, RULES, SHARED).map(({ instance }) => instance.id)

test('HA-enabled instances come first, otherwise in the order of Nova', (t) => {
  t.deepEqual(order(plain, instanceRow({ id: I3 }), marked), [I2, I1, I3])
})

test('HA-enabled counts more than any priority, and a higher priority comes first', (t) => {
  const urgent = instanceRow({ id: I1, metadata: { HA_Priority: '1000' } })
  const idle = instanceRow({ id: I3, metadata: { HA_Priority: '499' } })
  t.deepEqual(order(idle, urgent, marked), [I2, I1, I3])
  t.deepEqual(order(idle, instanceRow({ id: I2 })), [I2, I3])
})

test('among instances of one priority, the larger one comes first', (t) => {
  const big = instanceRow({ id: I3, needs: { vcpus: 1, memoryMb: 4096, diskGb: 1 } })
  const wide = instanceRow({ id: I2, needs: { vcpus: 8, memoryMb: 2048, diskGb: 10 } })
  t.deepEqual(order(plain, wide, big), [I3, I2, I1])
})

for (const [text, priority] of [
  ['0', 0],
  ['1000', 1000],
  [' 7 ', 7],
  ['1001', 500],
  ['-1', 500],
  ['1.5', 500],
  ['high', 500],
  ['', 500],
] as const) {
  test(`a priority of '${text}' counts as ${priority}`, (t) => {
    const verdict = verdictOn(instanceRow({ metadata: { HA_Priority: text } }), RULES, SHARED)
    const isUsed = text.trim() === String(priority)
    const note = isUsed ? null : 'HA_Priority is not a whole number from 0 to 1000: taken as 500'
    t.deepEqual(verdict, { kind: 'move', haEnabled: false, priority, note })
  })
}

test('instances that are left come last, with their reasons', (t) => {
  const gone = instanceRow({ id: I1, taskState: 'deleting' })
  const [first, second] = selectInstances([gone, marked], RULES, SHARED)
  t.like(first, { instance: marked, verdict: { kind: 'move', haEnabled: true } })
  t.deepEqual(second, {
    instance: gone,
    verdict: { kind: 'leave', reason: 'its owner is deleting it' },
  })
})

const refusals: readonly {
  readonly title: string
  readonly instance: Instance
  readonly rules?: Partial<SelectionRules>
  readonly disks?: DiskPolicy
  readonly reason: RegExp | undefined
}[] = [
  {
    title: 'an instance in error is left when such instances are ignored',
    instance: instanceRow({ vmState: 'error', metadata: { HA_Enabled: '1' } }),
    reason: /in error before/,
  },
  {
    title: 'an instance in error is moved otherwise',
    instance: instanceRow({ vmState: 'error' }),
    rules: { ignoreInstancesInError: false },
    reason: undefined,
  },
  {
    title: 'an unmarked instance is left when only marked ones are moved',
    instance: plain,
    rules: { evacuateAll: false },
    reason: /only instances with HA_Enabled set/,
  },
  {
    title: 'a marked instance is moved when only marked ones are',
    instance: marked,
    rules: { evacuateAll: false },
    reason: undefined,
  },
  {
    title: 'an instance with a local disk is left',
    instance: instanceRow({ volumeBacked: false }),
    disks: LOCAL,
    reason: /start it anew from its image, with its contents lost/,
  },
  {
    title: 'an instance with a local disk is moved when its segment allows it',
    instance: instanceRow({ volumeBacked: false }),
    disks: { ...LOCAL, rebuildLocal: 'allow' },
    reason: undefined,
  },
  {
    title: 'an instance on a volume is moved with any kind of disks',
    instance: plain,
    disks: LOCAL,
    reason: undefined,
  },
  {
    title: 'an instance with a shared disk is moved',
    instance: instanceRow({ volumeBacked: false }),
    reason: undefined,
  },
]

for (const { title, instance, rules, disks, reason } of refusals) {
  test(title, (t) => {
    const verdict = verdictOn(instance, { ...RULES, ...rules }, disks ?? SHARED)
    if (reason === undefined) t.is(verdict.kind, 'move')
    else t.regex(verdict.kind === 'leave' ? verdict.reason : '', reason)
  })
}
