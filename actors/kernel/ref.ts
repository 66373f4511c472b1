/** Typed addresses of actors: `<kind>/<name>`, the same whether the actor lives here or was just restarted. */

declare const accepts: unique symbol

/** Takes messages of one type. Contravariant: what takes more fits where less is told. Known to the compiler only. */
export interface Accepts<in Message> {
  readonly [accepts]: (message: Message) => void
}

/** Where to tell messages of one type; made by the `refOf` of a registry. */
export interface ActorRef<in Message> extends Accepts<Message> {
  readonly address: string
}
