/** Only what nova-compute itself has written between two looks is a heartbeat. */
import test from 'ava'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import { isHeartbeat } from '../../../actors/return/heartbeats.ts'
import { serviceRow } from '../records.ts'

const written = (writtenAt: number | null, change: Partial<ComputeService> = {}) =>
  serviceRow({ writtenAt, ...change })

test('a heartbeat is what is newer than at the last look', (t) => {
  t.false(isHeartbeat(undefined, written(1000)), 'it may be an old one')
  t.false(isHeartbeat(written(1000), written(1000)))
  t.true(isHeartbeat(written(1000), written(11_000)))
})

const SWITCHES: readonly Partial<ComputeService>[] = [
  { disabled: true },
  { disabledReason: 'mine' },
  { forcedDown: true },
]
for (const change of SWITCHES) {
  test(`a row that changed otherwise is no heartbeat: ${JSON.stringify(change)}`, (t) => {
    t.false(isHeartbeat(written(1000), written(2000, change)))
    t.true(isHeartbeat(written(2000, change), written(12_000, change)))
    t.false(isHeartbeat(written(12_000, change), written(13_000)), 'nor when it changes back')
  })
}

test('a service that never wrote, or is not there, does not beat', (t) => {
  t.false(isHeartbeat(written(null), written(1000)))
  t.false(isHeartbeat(written(1000), written(null)))
  t.false(isHeartbeat(written(1000), undefined))
})
