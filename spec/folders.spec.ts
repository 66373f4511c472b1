/** Which folder of `actors/` imports which: a fixed list from the bottom to the top, so that no cycle comes in unseen. */
import test from 'ava'
import { everySource, importsOf } from './support/sources.ts'

/** Each folder imports only folders above its own line. A new import across folders needs a change here. */
const FOLDERS: readonly (readonly [folder: string, imports: string])[] = [
  ['ports', ''],
  ['policy', ''],
  ['kernel', 'ports'],
  ['placement', 'ports'],
  ['leadership', 'kernel ports'],
  ['verification', 'ports'],
  ['fence', 'kernel leadership policy ports verification'],
  ['evacuator', 'fence kernel leadership placement policy ports verification'],
  ['instance-recovery', 'evacuator kernel leadership policy ports verification'],
  ['process-recovery', 'kernel leadership policy ports'],
  [
    'recovery',
    'evacuator fence instance-recovery kernel leadership policy ports process-recovery verification',
  ],
  ['segment', 'kernel ports recovery'],
  ['leader', 'kernel ports segment'],
  ['dedup-window', 'evacuator kernel leader ports verification'],
  ['aftermath', 'evacuator instance-recovery kernel leadership ports'],
  ['return', 'evacuator kernel leadership policy ports'],
  ['housekeeper', 'kernel ports'],
  ['host-watcher', 'kernel ports'],
  ['instance-watcher', 'kernel ports'],
]

/** `recovery` for `actors/recovery/decide.ts`; a file directly in `actors/` counts by its own name. */
const folderOf = (path: string): string => path.split('/')[1] ?? path

test('the folders of actors/ import each other as the list says', (t) => {
  const found = new Map<string, Set<string>>()
  for (const source of everySource().filter(({ path }) => path.startsWith('actors/'))) {
    const folder = folderOf(source.path)
    const imported = found.get(folder) ?? new Set()
    for (const { to } of importsOf(source)) {
      if (to.startsWith('actors/') && folderOf(to) !== folder) imported.add(folderOf(to))
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

test('no folder of actors/ imports one that stands on it', (t) => {
  const upwards = FOLDERS.flatMap(([folder, imports], line) => {
    const below = new Set(FOLDERS.slice(0, line).map(([name]) => name))
    const upper = imports.split(' ').filter((name) => name !== '' && !below.has(name))
    return upper.map((name) => `${folder} → ${name}`)
  })
  t.deepEqual(upwards, [])
})
