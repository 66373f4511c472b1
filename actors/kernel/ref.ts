/**
 * Typed addresses of actors: `<kind>/<name>`. The address stays the same when the actor is
 * restarted.
 */

declare const accepts: unique symbol

/**
 * Accepts messages of one type. Contravariant: an actor that accepts more types can be used where
 * fewer are sent. Exists for the compiler only.
 */
export interface Accepts<in Message> {
  readonly [accepts]: (message: Message) => void
}

/** The address for messages of one type; made by the `refOf` of a registry. */
export interface ActorRef<in Message> extends Accepts<Message> {
  readonly address: string
}
