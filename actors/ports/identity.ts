/** The callers of the API: validation of users' tokens by the Identity service (Keystone v3). */

export interface Caller {
  readonly userId: string
  readonly projectId: string | null
  /**
   * True for a token of the system scope, which has no project (Keystone: `system: {all: true}`).
   */
  readonly systemScope: boolean
  /** The project of this service's own account; null when Keystone does not show it. */
  readonly serviceProjectId: string | null
  readonly roles: readonly string[]
  /** Wall ms after which the token is no longer valid. */
  readonly expiresAt: number
}

export interface IdentityPort {
  /** The token's owner; undefined when the token is invalid, expired or revoked. IDENTITY_UNAVAILABLE. */
  validate(token: string, signal?: AbortSignal): Promise<Caller | undefined>
}
