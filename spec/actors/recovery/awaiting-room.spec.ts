/** While a recovery can only wait for room, other recoveries may begin. */
import test from 'ava'
import { H2, N1, N2 } from '../records.ts'
import {
  RULES,
  UNTIL_EVACUATING,
  afterUnder,
  consulted,
  recover,
  reportOf,
  type Word,
} from './stage.ts'

const ONE_AT_ONCE = { ...RULES, storm: { ...RULES.storm, hostsMax: 1 } }
const second = reportOf(N2, H2)
const room = (what: 'there' | 'awaited'): Word => ({
  to: N1,
  message: { type: 'evacuator.room', notification: N1, room: what },
})
const phaseOfSecond = (...told: readonly Word[]) =>
  afterUnder(ONE_AT_ONCE, [...UNTIL_EVACUATING, ...told, recover(second), consulted(second)])

test('the next host waits while the one before it is being evacuated', (t) => {
  t.is(phaseOfSecond().phaseOf(N2), 'held')
})

test('the next host is acted on while the one before it can only wait for room', (t) => {
  const { effects } = afterUnder(ONE_AT_ONCE, [...UNTIL_EVACUATING, room('awaited')])
  t.deepEqual(effects, [{ type: 'flight.leave', about: N1 }])
  t.is(phaseOfSecond(room('awaited')).phaseOf(N2), 'admitting')
})

test('a recovery that continues counts again', (t) => {
  const story = [room('awaited'), room('there')]
  const { effects } = afterUnder(ONE_AT_ONCE, [...UNTIL_EVACUATING, ...story])
  t.deepEqual(effects, [{ type: 'flight.rejoin', about: N1 }])
  t.is(phaseOfSecond(...story).phaseOf(N2), 'held')
})
