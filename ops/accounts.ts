/** The two Keystone accounts of a configuration: one acts on Compute, the other checks tokens. */
import type { Config } from '../schema/config.ts'
import { isSameAccount, type Account, type Domain } from '../transports/openstack/account.ts'

/** The account that evacuates instances; undefined when the configuration has none. */
export function computeAccount({ compute }: Config): Account | undefined {
  const { authUrl, username, password, projectName } = compute
  if (!authUrl || !username || !password || !projectName) return undefined
  return {
    authUrl,
    username,
    password,
    userDomain: domainOf(compute.userDomainId, compute.userDomainName),
    project: {
      name: projectName,
      domain: domainOf(compute.projectDomainId, compute.projectDomainName),
    },
  }
}

/** The account that checks callers' tokens; undefined when the configuration has none. */
export function identityAccount({ identity }: Config): Account | undefined {
  const { authUrl, username, password, projectId, projectName } = identity
  if (!authUrl || !username || !password) return undefined
  const otherwise = domainOf(identity.defaultDomainId, identity.defaultDomainName)
  return {
    authUrl,
    username,
    password,
    userDomain: domainOf(identity.userDomainId, identity.userDomainName, otherwise),
    project:
      projectId === undefined
        ? {
            name: projectName,
            domain: domainOf(identity.projectDomainId, identity.projectDomainName, otherwise),
          }
        : { id: projectId },
  }
}

/** Whether both accounts are the same, so that one login serves both. */
export function isOneLogin(config: Config): boolean {
  const { identity, compute } = config
  const [checking, acting] = [identityAccount(config), computeAccount(config)]
  return (
    checking !== undefined &&
    acting !== undefined &&
    isSameAccount(checking, acting) &&
    identity.caFile === compute.caFile &&
    identity.insecure === compute.insecure
  )
}

/** The id comes before the name, as in Keystone's own clients. */
function domainOf(
  id: string | undefined,
  name: string | undefined,
  otherwise: Domain = { name: 'Default' },
): Domain {
  if (id !== undefined) return { id }
  return name === undefined ? otherwise : { name }
}
