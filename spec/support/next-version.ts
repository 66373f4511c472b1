/**
 * Makes a process the next version of this program: `node --import` loads this file, and it changes
 * modules as they are loaded. The next version has one more migration that expands, one more field
 * in the envelope and in each body, and one more type of message, which it sends all the time.
 */
import { registerHooks } from 'node:module'

interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

const CHANGES: readonly Change[] = [
  {
    file: 'schema/migrations/migrations.ts',
    from: "  '0045-newest-moves': newestMoves,\n",
    to: `  '0045-newest-moves': newestMoves,
  '9000-colours': {
    async up(db) {
      const { unlessDone } = await import('./again.ts')
      await unlessDone(() => db.schema.alterTable('notifications').addColumn('colour', 'varchar(16)').execute())
      await db.schema.createTable('colours').ifNotExists().addColumn('id', 'integer').execute()
    },
  },\n`,
  },
  {
    file: 'schema/messages/codec.ts',
    from: '    trace: from.trace ?? null,\n    body,\n',
    to: "    trace: from.trace ?? null,\n    mood: 'new',\n    body: { ...body, colour: 'green' },\n",
  },
  {
    file: 'transports/nats/bus.ts',
    from: 'publish(subject: string, body: Uint8Array): void {\n',
    to: `publish(subject: string, body: Uint8Array): void {
    const text = new TextDecoder().decode(body)
    if (text.includes('"type":"role.health"')) {
      const dreamt = text.replace('"type":"role.health"', '"type":"host.dreamt"')
      for (const topic of ['observation.host.m.s.h', 'operator.commanded.x', 'health.x.engine']) {
        this.publish('ha.default.' + topic, new TextEncoder().encode(dreamt))
      }
    }
`,
  },
]

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const change = CHANGES.find(({ file }) => url.endsWith(`/${file}`))
    if (change === undefined || loaded.source === undefined || loaded.source === null) return loaded
    const source =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
    if (!source.includes(change.from)) throw new Error(`${change.file} has no ${change.from}`)
    return { ...loaded, source: source.replace(change.from, change.to) }
  },
})
