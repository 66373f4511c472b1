/** Segments decide at the same time, and never both take the last place under the cap. */
import test from 'ava'
import * as fc from 'fast-check'
import { InFlight } from '../../../actors/recovery/in-flight.ts'
import { overallObjection } from '../../../actors/recovery/storm-guard.ts'
import { hostId, type HostId, type HostName } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { H1, H2 } from '../records.ts'

const ALONE = new Map<HostId, HostName>()
const NONE = new Set<HostId>()
const LIMITS = { hostsMax: 1, shareMax: 1, windowMs: 300_000 }

test('the second of two segments that decide at once hears that the last place is taken', (t) => {
  const inFlight = new InFlight()
  const claim = (host: typeof H1) =>
    inFlight.claim(host, (actedOn) =>
      overallObjection(LIMITS, host, { hosts: 9, actedOn, group: ALONE, asOne: NONE }),
    )
  t.is(claim(H1), undefined)
  t.is(
    claim(H2),
    'storm guard over all segments: 1 of 9 hosts were acted on in the last 300 s, the cap is 1',
  )
  t.is(claim(H1), undefined, 'a host counts once')
  inFlight.release(H1)
  t.is(claim(H2), undefined)
})

test('however claims and releases are mixed, the cap is never exceeded', (t) => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5 })))
  holds(
    t,
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (sequence, hostsMax) => {
      const inFlight = new InFlight()
      const held = new Set<string>()
      for (const [begins, index] of sequence) {
        const host = hostId(`host-${index}`)
        const limits = { ...LIMITS, hostsMax }
        if (!begins) {
          inFlight.release(host)
          held.delete(host)
        } else if (
          inFlight.claim(host, (actedOn) =>
            overallObjection(limits, host, { hosts: 100, actedOn, group: ALONE, asOne: NONE }),
          ) === undefined
        ) {
          held.add(host)
        }
        if (held.size > hostsMax) return false
      }
      return true
    }),
  )
})
