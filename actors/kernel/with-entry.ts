/**
 * Adds, replaces or removes one entry of a map without changing the old map. A large map is not
 * copied for that: the new entry goes into a small patch over it. With a thousand hosts, copies for
 * every message about one host were most of our garbage.
 */

/** Smaller maps are copied: that is as fast, and simple. */
const PATCHED_FROM = 16
/**
 * A patch with more entries is merged into a new map: by then, its copies have cost as much as the
 * new map.
 */
const patchMax = (size: number): number => Math.ceil(Math.sqrt(size))

/** The same entries with this one added or replaced. Values are never undefined. */
export function withEntry<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  value: Value,
): ReadonlyMap<Key, Value> {
  return map.size < PATCHED_FROM ? new Map(map).set(key, value) : patchedWith(map, key, value)
}

/** The same entries without this one. */
export function withoutEntry<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
): ReadonlyMap<Key, Value> {
  if (!map.has(key)) return map
  if (map.size >= PATCHED_FROM) return patchedWith(map, key, undefined)
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

/** In a patch, an undefined value marks a removed entry. */
function patchedWith<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  value: Value | undefined,
): ReadonlyMap<Key, Value> {
  const [base, patch] = map instanceof PatchedMap ? [map.base, map.patch] : [map, new Map()]
  const patched = new Map(patch).set(key, value)
  return patched.size > patchMax(base.size) ? folded(base, patched) : new PatchedMap(base, patched)
}

function folded<Key, Value>(
  base: ReadonlyMap<Key, Value>,
  patch: ReadonlyMap<Key, Value | undefined>,
): ReadonlyMap<Key, Value> {
  const map = new Map(base)
  for (const [key, value] of patch) {
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }
  return map
}

class PatchedMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly base: ReadonlyMap<Key, Value>
  readonly patch: ReadonlyMap<Key, Value | undefined>
  readonly size: number
  #whole: ReadonlyMap<Key, Value> | undefined

  constructor(base: ReadonlyMap<Key, Value>, patch: ReadonlyMap<Key, Value | undefined>) {
    this.base = base
    this.patch = patch
    let size = base.size
    for (const [key, value] of patch) {
      if (value === undefined) size -= base.has(key) ? 1 : 0
      else if (!base.has(key)) size += 1
    }
    this.size = size
  }

  /** One map of all entries: made at the first walk through them, which takes as long. */
  whole(): ReadonlyMap<Key, Value> {
    this.#whole ??= folded(this.base, this.patch)
    return this.#whole
  }

  get(key: Key): Value | undefined {
    return this.patch.has(key) ? this.patch.get(key) : this.base.get(key)
  }

  has(key: Key): boolean {
    return this.patch.has(key) ? this.patch.get(key) !== undefined : this.base.has(key)
  }

  /** In the order in which the keys were first added, as in any map. */
  entries(): MapIterator<[Key, Value]> {
    return this.whole().entries()
  }

  keys(): MapIterator<Key> {
    return this.whole().keys()
  }

  values(): MapIterator<Value> {
    return this.whole().values()
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries()
  }

  forEach(visit: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }
}
