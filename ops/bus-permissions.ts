/** The part of a NATS server's configuration that gives each process of a cloud an account of its own. */
import { tapRights, rightsOf, type BusAccount, type BusRights } from './roles/bus-rights.ts'

/** An account, and the public NKey by which the server knows it. */
export type KeyedAccount = (BusAccount | { readonly node: string; readonly roles: 'tap' }) & {
  readonly publicKey: string
}

/** What to include into nats-server.conf. It has no secret: only public keys. */
export function renderPermissions(cloud: string, accounts: readonly KeyedAccount[]): string {
  return [
    `# Who may say what on the bus of the cloud ${JSON.stringify(cloud)}, printed by instance-ha bus-permissions.`,
    '# Include this file at the top level of nats-server.conf of every server, and reload them: nats-server --signal reload',
    'authorization {',
    '  users: [',
    ...accounts.flatMap((account) => accountLines(cloud, account)),
    '  ]',
    '}',
    '',
  ].join('\n')
}

/** One entry of the list of users. */
export function accountLines(cloud: string, account: KeyedAccount): readonly string[] {
  const { node, roles, publicKey } = account
  const rights = roles === 'tap' ? tapRights(cloud, node) : rightsOf(cloud, { node, roles })
  return [
    `    # ${node}: ${roles === 'tap' ? 'listens only' : roles.join(', ')}`,
    `    { nkey: ${publicKey}, permissions: {`,
    `        publish: { allow: ${listOf(rights, 'publish')} }`,
    `        subscribe: { allow: ${listOf(rights, 'subscribe')} } } }`,
  ]
}

const listOf = (rights: BusRights, operation: keyof BusRights): string =>
  `[${rights[operation].map((subject) => JSON.stringify(subject)).join(', ')}]`
