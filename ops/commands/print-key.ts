/** `print-key`: prints the public SSH key of the host monitor, which is made at the first use. */
import { ensureKeyPair } from '../../transports/ssh/key-pair.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import { describeProblems, loadConfig } from '../load-config.ts'
import { refuseUntrusted, trustedPaths } from '../trusted-files.ts'

/** Exit statuses: 0 printed; 2 the configuration cannot be used. */
export async function printKey(asked: { readonly config: string | undefined }): Promise<number> {
  const loaded = loadConfig(asked.config)
  if (loaded.kind === 'invalid') {
    process.stderr.write(`${describeProblems(loaded.problems)}\n`)
    return 2
  }
  try {
    if (asked.config !== undefined) refuseUntrusted(trustedPaths(loaded.config))
    const { publicKey } = await ensureKeyPair(loaded.config.ssh.stateDirectory)
    process.stdout.write(`${publicKey.trim()}\n`)
    return 0
  } catch (error) {
    if (!isCoded(error, 'CONFIG_INVALID')) throw error
    process.stderr.write(`${describeError(error)}\n`)
    return 2
  }
}
