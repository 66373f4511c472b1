/** Whom Keystone logs in, and into which project. Pure. */
import type { Secret } from '../../schema/control-attributes.ts'

/** A domain of Keystone, by whichever of the two the operator gave. */
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

/** What Keystone is asked for a token with. */
export function credentialsOf({ username, userDomain, password, project }: Account) {
  const user = { name: username, domain: userDomain, password: password.reveal() }
  return { identity: { methods: ['password'], password: { user } }, scope: { project } }
}

/** Whether two logins give the same rights: a domain by id and one by name are not known to be one. */
export function isSameAccount(one: Account, other: Account): boolean {
  const textOf = (account: Account): string =>
    JSON.stringify([identityRoot(account.authUrl), credentialsOf(account)])
  return textOf(one) === textOf(other)
}
