/** The fault of a host comes before the faults of its guests. */
import test from 'ava'
import type { HostId } from '../../../schema/ids.ts'
import type { Notification } from '../../../schema/records.ts'
import { H1, H2, I1, N1, N2 } from '../records.ts'
import {
  UNTIL_EVACUATING,
  UNTIL_FENCING,
  about,
  after,
  consulted,
  fenced,
  recover,
  reportOf,
  stopped,
  type Word,
} from './stage.ts'

const guestOf = (host: HostId): Notification =>
  reportOf(N2, host, {
    type: 'VM',
    payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: I1 },
  })
const restarting = (host: HostId): readonly Word[] => [
  recover(guestOf(host)),
  consulted(guestOf(host)),
  about('recovery.admitted', N2),
]

test('when a host is acted on, the restarts of its guests stop and are decided again', (t) => {
  const { effects, phaseOf } = after(...restarting(H1), ...UNTIL_FENCING)
  t.deepEqual(
    stopped(effects).filter((child) => child.endsWith(`/${N2}`)),
    ['fence', 'evacuator', 'instance-recovery', 'process-recovery'].map((kind) => `${kind}/${N2}`),
  )
  t.is(phaseOf(N2), 'deciding')
})

test('when a host is certainly dead, its waiting guests are decided at once', (t) => {
  const hostFault = { notification: N1, certified: false, state: 'open' } as const
  const held = [...restarting(H1), ...UNTIL_FENCING, consulted(guestOf(H1), { hostFault })]
  t.is(after(...held).phaseOf(N2), 'held')
  t.is(after(...held, fenced()).phaseOf(N2), 'deciding')
})

test('a guest of another host is restarted as usual', (t) => {
  t.is(after(...restarting(H2), ...UNTIL_EVACUATING).phaseOf(N2), 'restarting')
})
