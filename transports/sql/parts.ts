/**
 * Rows of several tables in one statement. A statement sees one moment of the database on every isolation level above READ
 * UNCOMMITTED, as a transaction of many statements would, but costs one round trip (decision 0063).
 */
import { sql, type Expression, type Kysely } from 'kysely'
import type { Database } from '../../schema/tables.ts'

/** The names of all columns of a row. */
export type ColumnNames<Row> = Readonly<Record<keyof Row, true>>

interface Part<Row> {
  readonly query: Expression<Row>
  readonly columns: ColumnNames<Row>
}

/** A query, and the names of all columns that it selects. Its rows come in any order: sort them where it matters. */
export const part = <Row>(query: Expression<Row>, columns: ColumnNames<Row>): Part<Row> => ({
  query,
  columns,
})

/** The rows of each part, by its name. */
export type RowsOf<Parts> = {
  readonly [Name in keyof Parts]: Parts[Name] extends Part<infer Row> ? readonly Row[] : never
}

/** Reads the rows of all parts. */
export async function readParts<Parts extends object>(
  db: Kysely<Database>,
  parts: Parts,
): Promise<RowsOf<Parts>> {
  const named = Object.entries(parts as Readonly<Record<string, Part<object>>>)
  const selects = named.map(([name, { query, columns }]) => {
    const fields = Object.keys(columns).flatMap((column) => [
      sql.lit(column),
      sql.ref(`part.${column}`),
    ])
    return sql`select ${sql.lit(name)} as part_name, cast(json_object(${sql.join(fields)}) as char) as part_row from ${query} as part`
  })
  const statement = sql<{
    part_name: string
    part_row: string
  }>`${sql.join(selects, sql` union all `)}`
  const { rows } = await statement.execute(db)
  const found: Readonly<Record<string, object[]>> = Object.fromEntries(
    named.map(([name]) => [name, []]),
  )
  for (const { part_name: name, part_row: text } of rows) found[name]?.push(JSON.parse(text))
  return found as unknown as RowsOf<Parts> // the statement has given each row the columns of its part
}

/** Oldest first. */
export const byId = <Row extends { readonly id: number }>(rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((one, other) => one.id - other.id)
