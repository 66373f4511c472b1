/**
 * The tables and columns that each migration creates and drops, read from the migrations themselves
 * without a database.
 */
import {
  AlterTableNode,
  CreateTableNode,
  DropTableNode,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type ColumnDefinitionNode,
  type KyselyPlugin,
  type RootOperationNode,
} from 'kysely'
import type { Migration } from 'kysely/migration'

/** Columns by table. */
export type Columns = ReadonlyMap<string, ReadonlySet<string>>

/** What one migration creates and drops. */
export interface MigrationShape {
  readonly name: string
  /** New tables with their columns. */
  readonly creates: Columns
  /** New columns of earlier tables. */
  readonly adds: Columns
  /** Earlier tables that it drops. */
  readonly drops: ReadonlySet<string>
}

const note = (into: Map<string, Set<string>>, table: string, column: string): void => {
  into.set(table, (into.get(table) ?? new Set()).add(column))
}

/** The shapes in the order of the migrations. */
export async function shapesOf(
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly MigrationShape[]> {
  const shapes: MigrationShape[] = []
  for (const [name, migration] of Object.entries(migrations)) {
    const creates = new Map<string, Set<string>>()
    const adds = new Map<string, Set<string>>()
    const drops = new Set<string>()
    const record = (node: RootOperationNode): void => {
      if (CreateTableNode.is(node)) {
        const table = node.table.table.identifier.name
        for (const column of node.columns) note(creates, table, nameOf(column))
      } else if (DropTableNode.is(node)) {
        drops.add(node.table.table.identifier.name)
      } else if (AlterTableNode.is(node)) {
        const table = node.table.table.identifier.name
        for (const alteration of node.columnAlterations ?? []) {
          if (alteration.kind === 'AddColumnNode') note(adds, table, nameOf(alteration.column))
        }
      }
    }
    await using db = recordingDb(record)
    await migration.up(db)
    shapes.push({ name, creates, adds, drops })
  }
  return shapes
}

const nameOf = ({ column }: ColumnDefinitionNode): string => column.column.name

/** A database without a server that tells each statement instead of running it. */
export const recordingDb = (record: (node: RootOperationNode) => void): Kysely<unknown> => {
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      record(node)
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  }
  return new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    plugins: [plugin],
  })
}
