/**
 * What the compiler checks about the actors of one system. The system lists its kinds in an
 * interface, each with the argument of its start and the messages that it accepts. The kernel
 * itself knows no kind.
 */
import type { ChildStart, ChildStop, Definition } from './behaviour.ts'
import type { ActorRef } from './ref.ts'

/** One kind of actor, as its system lists it. */
interface ActorKind {
  readonly argument: unknown
  readonly message: unknown
}

/** Any list of kinds: `interface Actors { fence: { argument: …; message: … }; … }`. */
export type ActorKinds<Actors> = { readonly [Kind in keyof Actors]: ActorKind }

export type KindOf<Actors> = keyof Actors & string

/** Makes an actor of each kind from its argument. The actor accepts the messages of its kind. */
export type Factories<Actors extends ActorKinds<Actors>> = {
  readonly [Kind in KindOf<Actors>]: (
    argument: Actors[Kind]['argument'],
    name: string,
  ) => Definition<Actors[Kind]['message']>
}

/** The argument of this kind. For a union of kinds, an argument that fits each of them. */
export type ArgumentOf<Actors extends ActorKinds<Actors>, Kind extends KindOf<Actors>> = [
  Factories<Actors>[Kind],
] extends [(argument: infer Argument, name: string) => unknown]
  ? Argument
  : never

/**
 * The address of an actor of this kind. For a union of kinds, it accepts what each of them accepts.
 */
export type RefOf<
  Actors extends ActorKinds<Actors>,
  Kind extends KindOf<Actors>,
> = Kind extends unknown ? ActorRef<Actors[Kind]['message']> : never

export interface TypedRegistry<Actors extends ActorKinds<Actors>> {
  readonly refOf: <Kind extends KindOf<Actors>>(kind: Kind, name: string) => RefOf<Actors, Kind>
  readonly startChild: <Kind extends KindOf<Actors>>(
    kind: Kind,
    name: string,
    argument: ArgumentOf<Actors, Kind>,
  ) => ChildStart
  readonly stopChild: (kind: KindOf<Actors>, name: string) => ChildStop
}

/** The only maker of addresses and of effects that start and stop children. */
export function typedRegistry<Actors extends ActorKinds<Actors>>(): TypedRegistry<Actors> {
  return {
    refOf: <Kind extends KindOf<Actors>>(kind: Kind, name: string) =>
      ({ address: `${kind}/${name}` }) as RefOf<Actors, Kind>,
    startChild: (kind: string, name: string, argument: unknown) =>
      ({ type: 'child.start', kind, name, argument }) as ChildStart,
    stopChild: (kind, name) => ({ type: 'child.stop', kind, name }) as ChildStop,
  }
}
