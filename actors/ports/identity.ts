/** Who calls the API: validation of users' tokens by the Identity service (Keystone v3). */

export interface Caller {
  readonly userId: string
  readonly projectId: string | null
  readonly roles: readonly string[]
  /** Wall ms after which the token must not be trusted. */
  readonly expiresAt: number
}

export interface IdentityPort {
  /** The token's owner; undefined when the token is invalid, expired or revoked. IDENTITY_UNAVAILABLE. */
  validate(token: string, signal?: AbortSignal): Promise<Caller | undefined>
}
