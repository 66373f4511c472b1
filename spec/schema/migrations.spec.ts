/** A migration only expands, unless its name says that it contracts: then programs of the version before may still run. */
import test from 'ava'
import {
  AlterTableNode,
  CreateIndexNode,
  CreateTableNode,
  InsertQueryNode,
  SelectQueryNode,
  sql,
  UpdateQueryNode,
  type ColumnDefinitionNode,
  type RootOperationNode,
} from 'kysely'
import type { Migration } from 'kysely/migration'
import { MIGRATIONS } from '../../schema/migrations/migrations.ts'
import { recordingDb } from '../../transports/sql/schema-shape.ts'

/** Every deployment that exists has this one: the rule holds for what comes after it. */
const BASELINE = '0043-aggregate-domains'

/** The statements of a migration that a program of the version before may not bear. */
async function contractionsOf(migration: Migration): Promise<readonly string[]> {
  const nodes: RootOperationNode[] = []
  await using db = recordingDb((node) => void nodes.push(node))
  await migration.up(db)
  return nodes.flatMap((node) => (isExpanding(node) ? [] : [node.kind]))
}

function isExpanding(node: RootOperationNode): boolean {
  if (CreateIndexNode.is(node)) return node.unique !== true
  if (AlterTableNode.is(node)) return isExpandingTable(node)
  // The last two fill what is new.
  const fine = [CreateTableNode, SelectQueryNode, InsertQueryNode, UpdateQueryNode]
  return fine.some(({ is }) => is(node))
}

function isExpandingTable(node: AlterTableNode): boolean {
  const { columnAlterations: alterations = [], renameTo, addConstraint, dropConstraint } = node
  return (
    [renameTo, addConstraint, dropConstraint].every((change) => change === undefined) &&
    alterations.length > 0 &&
    alterations.every((each) => each.kind === 'AddColumnNode' && isOptional(each.column))
  )
}

const isOptional = (column: ColumnDefinitionNode): boolean =>
  column.notNull !== true || column.defaultTo !== undefined

test('every migration after the baseline only expands, or is named as one that contracts', async (t) => {
  t.true(BASELINE in MIGRATIONS)
  for (const [name, migration] of Object.entries(MIGRATIONS)) {
    if (name <= BASELINE || name.endsWith('-contract')) continue
    t.deepEqual(await contractionsOf(migration), [], name)
  }
})

const up = (change: Migration['up']): Migration => ({ up: change })

test('what an older program may not bear is found', async (t) => {
  for (const [what, migration, expected] of [
    ['a new table', up((db) => db.schema.createTable('x').addColumn('id', 'integer').execute()), 0],
    [
      'a nullable column',
      up((db) => db.schema.alterTable('hosts').addColumn('x', 'integer').execute()),
      0,
    ],
    ['an index', up((db) => db.schema.createIndex('i').on('hosts').column('x').execute()), 0],
    [
      'a unique index',
      up((db) => db.schema.createIndex('i').on('hosts').column('x').unique().execute()),
      1,
    ],
    ['a lost column', up((db) => db.schema.alterTable('hosts').dropColumn('x').execute()), 1],
    ['a lost table', up((db) => db.schema.dropTable('hosts').execute()), 1],
    ['another name', up((db) => db.schema.alterTable('hosts').renameTo('y').execute()), 1],
    [
      'a column that every write must give',
      up((db) =>
        db.schema
          .alterTable('hosts')
          .addColumn('x', 'integer', (c) => c.notNull())
          .execute(),
      ),
      1,
    ],
    [
      'a statement that is not understood',
      up(async (db) => void (await sql`alter`.execute(db))),
      1,
    ],
  ] as const) {
    t.is((await contractionsOf(migration)).length, expected, what)
  }
})
