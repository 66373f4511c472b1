/**
 * Logs in to a Redfish service: with its own session, or with each request when the service has no
 * sessions, or none that is free. Services must support both (decision 0060 says where that is from),
 * and user and password in a request need no place among the sessions.
 */
import type { RedfishSettings } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'
import { hasNoFreeSession, readJson, refusal, samePlace, sessionsPathOf } from './answers.ts'
import type { RedfishAnswer, RedfishRequest } from './connection.ts'

export type Login =
  | {
      readonly kind: 'token'
      readonly headers: { readonly 'X-Auth-Token': string }
      /** The path that ends the session; undefined when the service did not give one. */
      readonly path: string | undefined
    }
  | {
      readonly kind: 'basic'
      readonly headers: { readonly Authorization: string }
      /** Why no session was opened; undefined when the service has no sessions. */
      readonly noFreeSession: CodedError | undefined
    }

/** The path of the standard; the link in the root is preferred. */
const SESSIONS_PATH = '/redfish/v1/SessionService/Sessions'
const TOKEN_CHARACTERS_MAX = 4096

/** Logs in. POWER_MISCONFIGURED when the BMC refuses, and the errors of `send`. */
export async function logIn(
  bmc: RedfishSettings,
  send: (request: RedfishRequest) => Promise<RedfishAnswer>,
): Promise<Login> {
  const path = await findSessions(bmc, send)
  if (path === undefined) return basicLogin(bmc, undefined)
  const { username, password } = bmc
  const body = JSON.stringify({ UserName: username, Password: password.reveal() })
  const answer = await send({ method: 'POST', path, headers: {}, body })
  if (HAS_NO_SESSIONS.includes(answer.status)) return basicLogin(bmc, undefined)
  const value = readJson(answer.text)
  if (hasNoFreeSession(answer.status, value)) {
    return basicLogin(bmc, refusal(answer.status, value, 'a session'))
  }
  if (answer.status < 200 || answer.status > 299) {
    throw refusal(answer.status, value, 'the user or the password')
  }
  const token = answer.headers['x-auth-token']
  if (typeof token !== 'string' || token === '' || token.length > TOKEN_CHARACTERS_MAX) {
    throw new CodedError('POWER_COMMAND_FAILED', 'the BMC opens a session and gives no token')
  }
  const where = samePlace(answer.headers.location, bmc.url) ?? samePlace(idOf(value), bmc.url)
  return { kind: 'token', headers: { 'X-Auth-Token': token }, path: where }
}

const HAS_NO_SESSIONS = [404, 405, 501]

/** The standard lets clients read the root without a login; some services refuse it. */
async function findSessions(
  { url }: RedfishSettings,
  send: (request: RedfishRequest) => Promise<RedfishAnswer>,
): Promise<string | undefined> {
  const answer = await send({ method: 'GET', path: '/redfish/v1/', headers: {} })
  if (answer.status === 401 || answer.status === 403) return SESSIONS_PATH
  const value = readJson(answer.text)
  if (answer.status !== 200) throw refusal(answer.status, value, 'to show /redfish/v1/')
  if (value === undefined) {
    throw new CodedError('POWER_COMMAND_FAILED', 'what answers at /redfish/v1/ is no Redfish')
  }
  return sessionsPathOf(value, url)
}

function basicLogin(
  { username, password }: RedfishSettings,
  noFreeSession: CodedError | undefined,
): Login {
  const pair = Buffer.from(`${username}:${password.reveal()}`).toString('base64')
  return { kind: 'basic', headers: { Authorization: `Basic ${pair}` }, noFreeSession }
}

const idOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && '@odata.id' in value
    ? value['@odata.id']
    : undefined
