/**
 * `seal-credentials`: seals all stored credentials with the first key of the key file, whatever key
 * they are sealed with now.
 */
import { resealCredentials } from '../../transports/vault/sealed-store.ts'
import { settledKeys } from '../../transports/vault/vault.ts'
import { keyFileOf } from '../trusted-files.ts'
import { withStore } from '../with-store.ts'

/**
 * Exit statuses: 0 all are sealed with the first key; 1 the store is not available; 2 the
 * configuration or a key cannot be used.
 */
export async function sealCredentials(asked: { readonly config: string }): Promise<number> {
  return withStore(asked.config, async ({ store, config }) => {
    const keyring = await settledKeys(store, keyFileOf(config))
    const count = await resealCredentials(store, keyring)
    process.stdout.write(`sealed with the first key: ${count} hosts\n`)
  })
}
