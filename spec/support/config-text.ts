/** The minimal configuration file, and how a text is read. */
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import type { Config } from '../../schema/config.ts'

/** The minimum of a whole deployment; options of DEFAULT may follow. */
export const LEAST_CONFIG = `
[keystone_authtoken]
auth_url = http://controller:5000/v3/
username = ha
password = k
[DEFAULT]
os_privileged_user_auth_url = http://controller:5000
os_privileged_user_name = nova
os_privileged_user_password = n
os_privileged_user_tenant = service
`

/** The minimum of an engine alone, with its state and its store in a directory. */
export const engineConfig = (directory: string): string => `[roles]
enabled = engine
[bus]
servers = memory
[DEFAULT]
os_privileged_user_auth_url = http://127.0.0.1:5000
os_privileged_user_name = nova
os_privileged_user_password = n
os_privileged_user_tenant = service
[database]
connection = sqlite:///${directory}/store.db
[ssh]
state_directory = ${directory}
`

/** The configuration of a text. Throws with the problems when it is refused. */
export function readText(text: string): {
  readonly config: Config
  readonly notes: readonly string[]
} {
  const loaded = readConfig(text, 'file')
  if (loaded.kind === 'invalid') throw new Error(describeProblems(loaded.problems))
  return loaded
}

/** The problems of a text, one line for each. */
export function problemsOfText(text: string): readonly string[] {
  const loaded = readConfig(text, 'file')
  return loaded.kind === 'invalid' ? describeProblems(loaded.problems).split('\n') : []
}
