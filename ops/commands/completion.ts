/** `completion`: prints the script that completes our words in a shell. */
import { bashScript, zshScript } from '../command-line/completion.ts'

/** Returns 0. */
export async function completion(shell: string): Promise<number> {
  process.stdout.write(shell === 'zsh' ? zshScript() : bashScript())
  return 0
}
