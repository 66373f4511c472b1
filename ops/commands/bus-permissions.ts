/** `bus-permissions`: prints the NATS configuration that gives each process an account of its own, and makes the keys of those accounts. */
import { readFile } from 'node:fs/promises'
import { ROLES } from '../../schema/config/node.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import { adviceFor, shownName } from '../../schema/nearest-name.ts'
import { renderPermissions, type KeyedAccount } from '../bus-permissions.ts'
import { publicKeyOf } from '../nkey-files.ts'

type Account = Omit<KeyedAccount, 'publicKey'>

interface PermissionsRequest {
  /** The directory of the keys. */
  readonly keys: string
  readonly cloud: string | undefined
  readonly 'compute-hosts': string | undefined
  /** NODE=ROLE[,ROLE…] */
  readonly nodes: readonly string[]
}

/** Exit statuses: 0 printed; 1 a file cannot be read or written; 2 the arguments or the keys cannot be used. */
export async function busPermissions(asked: PermissionsRequest): Promise<number> {
  const { keys, cloud = 'default', 'compute-hosts': file, nodes } = asked
  try {
    const hosts = await hostsIn(file)
    const accounts = withoutDoubles([...nodes.map(accountOf), ...hosts])
    const keyed: KeyedAccount[] = []
    for (const account of accounts) {
      keyed.push({ ...account, publicKey: await publicKeyOf(keys, account.node) })
    }
    process.stdout.write(renderPermissions(cloud, keyed))
    return 0
  } catch (error) {
    process.stderr.write(`${isCoded(error) ? error.message : describeError(error)}\n`)
    return isCoded(error, 'CONFIG_INVALID') ? 2 : 1
  }
}

const refuse = (text: string): CodedError => new CodedError('CONFIG_INVALID', text)

/** CONFIG_INVALID for what is not NODE=ROLE[,ROLE…]. */
function accountOf(text: string): Account {
  const [node = '', names = ''] = text.split('=', 2)
  const roles = names.split(',').map((name) => name.trim())
  if (roles.join() === 'tap') return { node: usable(node), roles: 'tap' }
  const known = roles.map((name) => {
    const role = ROLES.find((each) => each === name)
    if (role !== undefined) return role
    throw refuse(
      `${shownName(text)}: ${shownName(name)} is not a role; ${adviceFor(name, [...ROLES, 'tap'])}`,
    )
  })
  return { node: usable(node), roles: [...new Set(known)] }
}

/** The name becomes the name of a file, too. */
function usable(node: string): string {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}._-]{0,254}$/u.test(node)) return node
  throw refuse(
    `${shownName(node)} cannot be the name of a node: it has letters, digits, dots, - and _, at most 255, and begins with a letter or digit`,
  )
}

async function hostsIn(path: string | undefined): Promise<readonly Account[]> {
  if (path === undefined) return []
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim())
  const names = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return names.map((name) => ({ node: usable(name), roles: ['instance-monitor'] }))
}

/** CONFIG_INVALID when two accounts have one name, or when there is none. */
function withoutDoubles(accounts: readonly Account[]): readonly Account[] {
  if (accounts.length === 0) throw refuse('name at least one NODE=ROLE, or --compute-hosts FILE')
  const seen = new Set<string>()
  for (const { node } of accounts) {
    if (seen.has(node)) throw refuse(`${node} is named twice: give all its roles at once`)
    seen.add(node)
  }
  return accounts
}
