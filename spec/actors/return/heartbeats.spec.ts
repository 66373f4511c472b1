/** Only what nova-compute itself has written between two looks is a heartbeat. */
import test from 'ava'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import { Heartbeats } from '../../../actors/return/heartbeats.ts'
import { H1, H2, serviceRow } from '../records.ts'

const written = (writtenAt: number | null, change: Partial<ComputeService> = {}) =>
  serviceRow({ writtenAt, ...change })

test('a heartbeat is what is newer than at the last look', (t) => {
  const beats = new Heartbeats()
  t.false(beats.look(H1, written(1000)), 'it may be an old one')
  t.false(beats.look(H1, written(1000)))
  t.true(beats.look(H1, written(11_000)))
  t.false(beats.look(H2, written(11_000)), 'each host has its own')
})

const SWITCHES: readonly Partial<ComputeService>[] = [
  { disabled: true },
  { disabledReason: 'mine' },
  { forcedDown: true },
]
for (const change of SWITCHES) {
  test(`a row that changed otherwise is no heartbeat: ${JSON.stringify(change)}`, (t) => {
    const beats = new Heartbeats()
    beats.look(H1, written(1000))
    t.false(beats.look(H1, written(2000, change)))
    t.true(beats.look(H1, written(12_000, change)))
    t.false(beats.look(H1, written(13_000)), 'nor when it changes back')
  })
}

test('a service that never wrote, or is not there, does not beat', (t) => {
  const beats = new Heartbeats()
  t.false(beats.look(H1, written(null)))
  t.false(beats.look(H1, undefined))
  t.false(beats.look(H1, written(1000)))
})
