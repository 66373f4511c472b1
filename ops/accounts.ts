/** The two accounts of Keystone that a configuration names: the one that acts on Compute, and the one that checks tokens. */
import type { Config } from '../schema/config.ts'
import type { Account, Domain } from '../transports/openstack/account.ts'

/** Who evacuates; undefined where the configuration names nobody. */
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

/** Who checks callers' tokens; undefined where the configuration names nobody. */
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

/** As Keystone's own clients choose: the id before the name. */
function domainOf(
  id: string | undefined,
  name: string | undefined,
  otherwise: Domain = { name: 'Default' },
): Domain {
  if (id !== undefined) return { id }
  return name === undefined ? otherwise : { name }
}
