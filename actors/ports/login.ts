/** Log-in of people who use the console, at the Identity service (Keystone v3). */
import type { Secret } from '../../schema/control-attributes.ts'

/** Whose rights the token has: those in a project, or those over the whole system. */
export type LoginScope =
  | { readonly kind: 'system' }
  | { readonly kind: 'project'; readonly name: string; readonly domain: string }

/** What a person proves its identity with. */
export type LoginProof =
  | {
      readonly kind: 'password'
      readonly username: string
      /** Name of the user's domain. */
      readonly domain: string
      readonly password: Secret
      readonly scope: LoginScope
    }
  /** Its project and roles are fixed when it is made. */
  | { readonly kind: 'application-credential'; readonly id: string; readonly secret: Secret }

export interface LoginPort {
  /**
   * A new token; undefined when the Identity service refuses the proof. It is asked once, since a
   * repeated wrong password may lock the account. IDENTITY_UNAVAILABLE.
   */
  login(proof: LoginProof, signal?: AbortSignal): Promise<Secret | undefined>
  /** Ends the token before its expiry; nothing for one that is not valid. IDENTITY_UNAVAILABLE. */
  revoke(token: Secret, signal?: AbortSignal): Promise<void>
}
