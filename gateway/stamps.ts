/** The columns that every row shows to clients. */
import type { RowStamp } from '../schema/records.ts'
import { stampText } from './times.ts'

interface Stamped {
  readonly id: number
  readonly created_at: string
  readonly updated_at: string | null
  readonly deleted_at: null
  readonly deleted: boolean
}

/** Id and times of a row; what is shown is never deleted. */
export const stampsOf = (row: RowStamp): Stamped => ({
  id: row.id,
  created_at: stampText(row.createdAt),
  updated_at: row.updatedAt === null ? null : stampText(row.updatedAt),
  deleted_at: null,
  deleted: false,
})
