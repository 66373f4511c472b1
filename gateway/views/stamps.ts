/** The columns that every row shows to clients. */
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

/** Id and times of a row; what is shown is never deleted. */
export const stampsOf = (row: RowStamp): Static<typeof Stamped> => ({
  id: row.id,
  created_at: stampText(row.createdAt),
  updated_at: row.updatedAt === null ? null : stampText(row.updatedAt),
  deleted_at: null,
  deleted: false,
})
