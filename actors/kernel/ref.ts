/** Typed addresses of actors: `<kind>/<name>`, the same whether the actor lives here or was just restarted. */

declare const accepts: unique symbol

/** Where to tell messages of one type. Contravariant: a ref that takes more fits where less is told. */
export interface ActorRef<in Message> {
  readonly address: string
  readonly [accepts]?: (message: Message) => void
}

/** The address of an actor of a kind. */
export function refOf<Message>(kind: string, name: string): ActorRef<Message> {
  return { address: `${kind}/${name}` }
}
