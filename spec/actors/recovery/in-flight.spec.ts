/** Segments decide at the same time, and never both take the last place under the cap. */
import test from 'ava'
import * as fc from 'fast-check'
import { InFlight } from '../../../actors/recovery/in-flight.ts'
import { overallObjection } from '../../../actors/recovery/storm-guard.ts'
import { epoch, hostId, type HostId, type HostName } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { EPOCH, H1, H2 } from '../records.ts'

const ALONE = new Map<HostId, HostName>()
const LIMITS = { hostsMax: 1, shareMax: 1, windowMs: 300_000 }

test('when two segments decide at once, the second is told that the last place is taken', (t) => {
  const inFlight = new InFlight()
  const claim = (host: typeof H1) =>
    inFlight.claim(EPOCH, host, (actedOn) =>
      overallObjection(LIMITS, host, { hosts: 9, actedOn, group: ALONE }),
    )
  t.is(claim(H1), undefined)
  t.is(
    claim(H2),
    'storm guard over all segments: 1 of 9 hosts were acted on in the last 300 s, the cap is 1',
  )
  t.is(claim(H1), undefined, 'a host counts once')
  inFlight.release(EPOCH, H1)
  t.is(claim(H2), undefined)
})

test('a new leader starts with nothing in flight, and an old leader releases nothing of it', (t) => {
  const inFlight = new InFlight()
  const seen = (at: number) => {
    let hosts: readonly string[] = []
    inFlight.claim(epoch(at), H2, (known) => {
      hosts = [...known]
      return 'only a look'
    })
    return hosts
  }
  inFlight.claim(EPOCH, H1, () => undefined)
  t.deepEqual(seen(EPOCH), [H1])
  t.deepEqual(seen(EPOCH + 1), [])
  inFlight.claim(epoch(EPOCH + 1), H1, () => undefined)
  inFlight.release(EPOCH, H1)
  t.deepEqual(seen(EPOCH + 1), [H1])
})

test('with any mix of claims and releases, the cap is never exceeded', (t) => {
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
          inFlight.release(EPOCH, host)
          held.delete(host)
        } else if (
          inFlight.claim(EPOCH, host, (actedOn) =>
            overallObjection(limits, host, { hosts: 100, actedOn, group: ALONE }),
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
