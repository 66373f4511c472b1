/**
 * The keys of this process. They are compared with what is stored before anything is sealed or
 * opened.
 */
import type { LogPort } from '../../actors/ports/log.ts'
import { isStoreAway, type StorePort } from '../../actors/ports/store.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { makeKeyFile, readKeyFile, removeKeyFile } from './key-file.ts'
import { keyNameIn, SEALED_HEAD, type Keyring } from './keyring.ts'
import { sealedStore, type Seal } from './sealed-store.ts'

export interface Vault {
  /**
   * Its `migrate` also settles the keys: KEY_MISSING when the file lacks a key that a stored text
   * needs.
   */
  readonly store: StorePort
  /** KEY_MISSING when the file lacks the key that sealed a registered host. */
  readonly check: () => Promise<void>
}

/** Opens the store with its keys. The key file is made only when nothing is sealed yet. */
export function openVault(store: StorePort, path: string, log: LogPort): Vault {
  let keyring: Keyring | undefined
  let refusal = new CodedError(
    'STORE_UNAVAILABLE',
    'the keys are not compared with the database yet',
  )
  const settled = (): Keyring => {
    if (keyring === undefined) throw refusal
    return keyring
  }
  const settle = async (): Promise<void> => {
    try {
      keyring ??= await settledKeys(store, path)
    } catch (error) {
      if (isCoded(error, 'KEY_MISSING', 'CONFIG_INVALID')) refusal = error
      throw error
    }
  }
  const seal: Seal = {
    seal: (text) => settled().seal(text),
    open: (stored) => settled().open(stored),
  }
  return {
    store: {
      ...sealedStore(store, seal, log),
      migrate: async () => {
        await store.migrate()
        await settle()
      },
    },
    check: async () => {
      try {
        const { live } = await heads(store)
        if (keyring !== undefined) refuseMissing(keyring, live, path)
        else if (refusal.code !== 'STORE_UNAVAILABLE') throw refusal
      } catch (error) {
        if (!isStoreAway(error)) throw error // the store reports that itself
      }
    },
  }
}

/**
 * The keys of the file; KEY_MISSING when it lacks one that sealed a stored text. The file is made
 * only when nothing is sealed.
 */
export async function settledKeys(store: StorePort, path: string): Promise<Keyring> {
  const { agreed, live, deleted } = await heads(store)
  const known = agreed === undefined ? [] : [agreed]
  const found = await readKeyFile(path)
  if (found !== undefined) {
    refuseMissing(found, [...known, ...live], path)
    refuseMissing(found, [await store.agreeOnSealingKey(found.first)], path)
    return found
  }
  const needed = [...new Set([...known, ...live, ...deleted])]
  if (needed.length > 0) throw missing(needed, path)
  const { keyring, isNew } = await makeKeyFile(path)
  const first = await store.agreeOnSealingKey(keyring.first)
  if (keyring.has(first)) return keyring
  // Another machine was first. Nothing is sealed with our key.
  if (isNew) await removeKeyFile(path)
  throw missing([first], path)
}

async function heads(store: StorePort) {
  const { agreed, live, deleted } = await store.listSealedHeads(
    SEALED_HEAD.mark,
    SEALED_HEAD.length,
  )
  return { agreed, live: live.map(keyNameIn), deleted: deleted.map(keyNameIn) }
}

function refuseMissing(keyring: Keyring, needed: readonly string[], path: string): void {
  const names = [...new Set(needed)].filter((name) => !keyring.has(name))
  if (names.length > 0) throw missing(names, path)
}

const missing = (names: readonly string[], path: string): CodedError =>
  new CodedError(
    'KEY_MISSING',
    `stored credentials are sealed with the key ${names.join(', ')}, which ${path} does not hold. No key was made. Copy the key file of a controller that works, or restore it from its backup`,
  )
