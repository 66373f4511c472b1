/** A fault of a guest as it is kept on disk until the bus has accepted it. */
import { Type, type Static } from 'typebox'
import { Id, Name, Text, WallTime } from './messages/fields.ts'

/** One line of the file: a fault that waits, or the id of one that does not wait any more. */
export const SpoolLine = Type.Union([
  Type.Object({
    keep: Type.Object({
      id: Id,
      instance: Id,
      gravity: Type.Union([
        Type.Literal('impaired'),
        Type.Literal('hung'),
        Type.Literal('stopped'),
      ]),
      event: Name,
      domainEvent: Name,
      evidence: Type.Array(Text, { maxItems: 16 }),
      foundAt: WallTime,
    }),
  }),
  Type.Object({ forget: Id }),
])
export type SpoolLine = Static<typeof SpoolLine>
