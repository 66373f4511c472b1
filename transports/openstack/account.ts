/** The account that Keystone logs in, and its project. Pure. */
import type { Secret } from '../../schema/control-attributes.ts'

/** A domain of Keystone, by its id or its name, as the operator gave it. */
export type Domain = { readonly id: string } | { readonly name: string }

/** An id is unique in the cloud, a name only in its domain. */
export type Project = { readonly id: string } | { readonly name: string; readonly domain: Domain }

export interface Account {
  /** With or without `/v3`. */
  readonly authUrl: string
  readonly username: string
  readonly userDomain: Domain
  readonly password: Secret
  readonly project: Project
}

/** Root of the Identity API, `…/v3`. */
export const identityRoot = (authUrl: string): string =>
  `${authUrl.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3`

/** The request for a token. */
export function credentialsOf({ username, userDomain, password, project }: Account) {
  const user = { name: username, domain: userDomain, password: password.reveal() }
  return { identity: { methods: ['password'], password: { user } }, scope: { project } }
}

/**
 * Whether two logins give the same rights. A domain by id and a domain by name count as different.
 */
export function isSameAccount(one: Account, other: Account): boolean {
  const textOf = (account: Account): string =>
    JSON.stringify([identityRoot(account.authUrl), credentialsOf(account)])
  return textOf(one) === textOf(other)
}
