/** A line with a bound: first come, first sent, and the oldest goes when it is full. */
import test from 'ava'
import { WaitingLine } from '../../../transports/amqp/waiting-line.ts'

function lineOf(...items: readonly string[]): WaitingLine<string> {
  const line = new WaitingLine<string>(3)
  for (const item of items) line.add(item)
  return line
}

function rest(line: WaitingLine<string>): string {
  let text = ''
  for (let item = line.take(); item !== undefined; item = line.take()) text += item
  return text
}

test('what comes first goes first', (t) => {
  const line = lineOf('a', 'b')
  t.is(line.length, 2)
  t.is(rest(line), 'ab')
  t.is(line.dropped, 0)
})

test('beyond the bound the oldest is dropped and counted', (t) => {
  const line = lineOf('a', 'b', 'c', 'd', 'e')
  t.is(line.dropped, 2)
  t.is(rest(line), 'cde')
})

test('what could not be sent goes back to the front', (t) => {
  const line = lineOf('a', 'b')
  line.putBack(line.take() ?? '')
  t.is(rest(line), 'ab')
})

test('what could not be sent is the oldest: it is dropped when the line has filled meanwhile', (t) => {
  const line = lineOf('a', 'b', 'c')
  const taken = line.take() ?? ''
  line.add('d')
  line.putBack(taken)
  t.is(line.dropped, 1)
  t.is(rest(line), 'bcd')
})
