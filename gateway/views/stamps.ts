/** The columns that clients see of every row. */
import { Type, type Static } from 'typebox'
import type { RowStamp } from '../../schema/records.ts'
import { stampText } from './times.ts'

/** Properties of every stored object. */
export const Stamps = {
  id: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.Union([Type.String(), Type.Null()]),
  deleted_at: Type.Null(),
  deleted: Type.Boolean(),
}
const Stamped = Type.Object(Stamps)

/** The id and times of a row. A row that is shown is never a deleted one. */
export const stampsOf = (row: RowStamp): Static<typeof Stamped> => ({
  id: row.id,
  created_at: stampText(row.createdAt),
  updated_at: row.updatedAt === null ? null : stampText(row.updatedAt),
  deleted_at: null,
  deleted: false,
})
