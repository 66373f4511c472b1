/**
 * Which folder of `actors/` imports which: a fixed list from the bottom to the top, so that every
 * cycle is noticed. The files directly in `actors/` belong to no folder and do not count: the
 * registry names the message type of every actor, and every actor that makes an address imports it.
 */
import test from 'ava'
import { everySource, importsOf } from './support/sources.ts'

/**
 * Each folder imports only folders from earlier lines. A new import between folders needs a change
 * here.
 */
const FOLDERS: readonly (readonly [folder: string, imports: string])[] = [
  ['ports', ''],
  ['policy', ''],
  ['kernel', 'ports'],
  ['placement', 'ports'],
  ['leadership', 'kernel ports'],
  ['verification', 'ports'],
  ['fence', 'kernel leadership policy ports verification'],
  ['instance-recovery', 'kernel leadership policy ports verification'],
  ['evacuator', 'fence instance-recovery kernel leadership placement policy ports verification'],
  ['process-recovery', 'kernel leadership policy ports'],
  [
    'recovery',
    'evacuator fence instance-recovery kernel leadership policy ports process-recovery verification',
  ],
  ['segment', 'kernel ports recovery'],
  ['guest-follower', 'evacuator instance-recovery kernel leadership ports'],
  ['dedup-window', 'evacuator guest-follower kernel leadership ports verification'],
  ['reconciler', 'evacuator instance-recovery kernel leadership ports'],
  ['return', 'evacuator kernel leadership policy ports'],
  ['housekeeper', 'kernel ports'],
  ['host-watcher', 'kernel ports verification'],
  ['instance-watcher', 'kernel ports'],
]

/**
 * `recovery` for `actors/recovery/decide.ts`; undefined for a file that is in no folder of
 * `actors/`.
 */
const folderOf = (path: string): string | undefined => /^actors\/([^/]+)\//.exec(path)?.[1]

test('the folders of actors/ import each other as the list says', (t) => {
  const found = new Map<string, Set<string>>()
  for (const source of everySource()) {
    const folder = folderOf(source.path)
    if (folder === undefined) continue
    const imported = found.get(folder) ?? new Set()
    for (const { to } of importsOf(source)) {
      const other = folderOf(to)
      if (other !== undefined && other !== folder) imported.add(other)
    }
    found.set(folder, imported)
  }
  t.deepEqual(
    Object.fromEntries(
      [...found].map(([folder, imported]) => [folder, [...imported].toSorted().join(' ')]),
    ),
    Object.fromEntries(FOLDERS),
  )
})

test('no folder of actors/ imports a folder that depends on it', (t) => {
  const upwards = FOLDERS.flatMap(([folder, imports], line) => {
    const below = new Set(FOLDERS.slice(0, line).map(([name]) => name))
    const upper = imports.split(' ').filter((name) => name !== '' && !below.has(name))
    return upper.map((name) => `${folder} → ${name}`)
  })
  t.deepEqual(upwards, [])
})

test('the registry imports only types of the actors', (t) => {
  const registry = everySource().find(({ path }) => path === 'actors/registry.ts')
  const values = registry?.text.match(/^import (?!type\b).* from '(.*)'$/gm)
  t.deepEqual(values, ["import { typedRegistry } from './kernel/typed-registry.ts'"])
})
