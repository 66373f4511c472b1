/** Which instances are moved, and in which order. */
import test from 'ava'
import { isHaEnabled, selectInstances } from '../../../actors/evacuator/selection.ts'
import { I1, I2, I3, instanceRow } from '../records.ts'

const RULES = { evacuateAll: true, haMetadataKey: 'HA_Enabled', ignoreInstancesInError: true }
const plain = instanceRow({ id: I1 })
const marked = instanceRow({ id: I2, metadata: { HA_Enabled: 'True' } })
const broken = instanceRow({ id: I3, vmState: 'error', metadata: { HA_Enabled: '1' } })

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

test('HA-enabled instances come first, otherwise in the order of Nova', (t) => {
  const late = instanceRow({ id: I3 })
  const ids = selectInstances([plain, late, marked], RULES).map(({ id }) => id)
  t.deepEqual(ids, [I2, I1, I3])
})

test('instances in error are left out when they are to be ignored', (t) => {
  t.deepEqual(selectInstances([plain, broken], RULES), [plain])
  const all = { ...RULES, ignoreInstancesInError: false }
  t.deepEqual(selectInstances([plain, broken], all), [broken, plain])
})

test('only marked instances are moved when not all are', (t) => {
  t.deepEqual(selectInstances([plain, marked], { ...RULES, evacuateAll: false }), [marked])
})
