/** The file of guests that ran on a compute host. */
import { Type, type Static } from 'typebox'
import { Count, Id, Name, WallTime } from './messages/fields.ts'

export const KeptRunsFile = Type.Object({
  version: Type.Literal(1),
  /** The compute host that wrote it. */
  host: Name,
  boot: Id,
  keptAt: WallTime,
  runs: Type.Array(Type.Object({ instance: Id, run: Count }), { maxItems: 1000 }),
})
export type KeptRunsFile = Static<typeof KeptRunsFile>
