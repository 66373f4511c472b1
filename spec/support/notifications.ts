/** The captured notifications of `spec/fixtures/notifications`. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'

export interface Capture {
  readonly name: string
  readonly format: 'versioned' | 'unversioned'
  readonly routingKey: string
  readonly body: Buffer
}

const Stored = Compile(Type.Object({ routing_key: Type.String(), body_raw: Type.String() }))
const FOLDER = join(import.meta.dirname, '../fixtures/notifications')

/** All of them. */
export async function captures(): Promise<readonly Capture[]> {
  const both = await Promise.all([capturesIn('versioned'), capturesIn('unversioned')])
  return both.flat()
}

async function capturesIn(format: Capture['format']): Promise<readonly Capture[]> {
  const names = (await readdir(join(FOLDER, format))).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const stored: unknown = JSON.parse(await readFile(join(FOLDER, format, name), 'utf8'))
      if (!Stored.Check(stored)) throw new Error(`${name} is not a capture`)
      return { name, format, routingKey: stored.routing_key, body: Buffer.from(stored.body_raw) }
    }),
  )
}
