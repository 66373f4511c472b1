/** A ref accepts only what its actor understands. The compiler checks these lines. */
import test from 'ava'
import { define, tell, type Step } from '../../../actors/kernel/behaviour.ts'
import type { ActorRef } from '../../../actors/kernel/ref.ts'
import { LEAF } from '../../../actors/kernel/supervision.ts'
import { typedRegistry } from '../../../actors/kernel/typed-registry.ts'

interface Ping {
  readonly type: 'ping'
}
interface Pong {
  readonly type: 'pong'
  readonly round: number
}
const PING: Ping = { type: 'ping' }
interface Players {
  player: { argument: undefined; message: Ping }
  umpire: { argument: undefined; message: Ping | Pong }
}
const { refOf } = typedRegistry<Players>()
const player = refOf('player', 'one')
const both = refOf('umpire', 'both')

test('a ref has an address of kind and name, and sends what its actor understands', (t) => {
  t.deepEqual(tell(player, PING), { type: 'tell', to: 'player/one', message: PING })
})

test('a wrong message does not compile', (t) => {
  // @ts-expect-error -- the player does not understand pong
  const wrong = tell(player, { type: 'pong', round: 1 })
  // @ts-expect-error -- a pong says its round
  const cut = tell(both, { type: 'pong' })
  t.is(wrong.to, 'player/one')
  t.is(cut.to, 'umpire/both')
})

test('a ref that accepts more types can replace one that accepts fewer, and not the other way round', (t) => {
  const narrow: ActorRef<Ping> = both
  // @ts-expect-error -- the player does not understand pong
  const wide: ActorRef<Ping | Pong> = player
  t.is(narrow.address, 'umpire/both')
  t.is(wide.address, 'player/one')
})

interface Idle {
  readonly kind: 'idle'
}

const behaviour = (state: Idle): Step<Idle, Pong> => [state, [{ type: 'pong', round: 1 }]]

test('an effect without a performer does not compile', (t) => {
  const definition = define<Idle, Ping, never>({
    initial: { kind: 'idle' },
    // @ts-expect-error -- its effects are not among those that are performed
    behaviour,
    first: PING,
    policy: LEAF,
    perform: () => undefined,
  })
  t.is(definition.first, PING)
})
