/**
 * Reads the answers of Redfish services. Pure, so that it is tested with answers that vendors are
 * known to send. Names are compared without regard to case, and links are followed only within the
 * same service.
 */
import type { PowerState } from '../../../actors/ports/power.ts'
import { readBoundedJson, type JsonBounds } from '../../../schema/bounded-json.ts'
import { CodedError } from '../../../schema/errors.ts'
import { isFields } from '../../../schema/settings-document.ts'

/** The same limit as for the longest answer that is read. */
const BOUNDS: JsonBounds = { characters: 1024 * 1024, depth: 32, members: 50_000 }
const PATH_CHARACTERS_MAX = 512

/** The power of a computer system, as its service reports it. */
export interface SystemState {
  /** Undefined when the service does not report it. */
  readonly power: PowerState | undefined
  /** The path to which an order to power off is sent. */
  readonly resetPath: string
  /** The orders that the service accepts now; undefined when the service does not list them. */
  readonly resetTypes: readonly string[] | undefined
  readonly etag: string | undefined
}

/** The JSON of an answer; undefined when the text is not JSON, or exceeds the limits. */
export function readJson(text: string): unknown {
  const reading = readBoundedJson(text, BOUNDS)
  return reading.kind === 'read' ? reading.value : undefined
}

/** A computer system, as it was read at this address. */
export function systemStateOf(value: unknown, systemUrl: string): SystemState {
  const reset = at(value, 'Actions', '#ComputerSystem.Reset')
  const resetTypes = at(reset, 'ResetType@Redfish.AllowableValues')
  const etag = at(value, '@odata.etag')
  return {
    power: powerOf(at(value, 'PowerState')),
    resetPath:
      samePlace(at(reset, 'target'), systemUrl) ??
      `${new URL(systemUrl).pathname.replace(/\/$/, '')}/Actions/ComputerSystem.Reset`,
    resetTypes: Array.isArray(resetTypes)
      ? resetTypes.filter((type) => typeof type === 'string').filter((type) => TYPE.test(type))
      : undefined,
    etag: typeof etag === 'string' ? etag : undefined,
  }
}

const TYPE = /^\w{1,40}$/

/** Only `Off` means off: a machine that is powering off still runs. */
function powerOf(value: unknown): PowerState | undefined {
  if (typeof value !== 'string') return undefined
  const state = value.trim().toLowerCase()
  if (state === 'off') return 'off'
  return ['on', 'poweringon', 'poweringoff', 'paused'].includes(state) ? 'on' : undefined
}

/** Whether the service of this machine accepts an order to power it off at once. */
export const offersForceOff = ({ resetTypes }: Pick<SystemState, 'resetTypes'>): boolean =>
  resetTypes === undefined || resetTypes.some((type) => type.toLowerCase() === 'forceoff')

/** The path where sessions are opened, from the root of a service; undefined: the service has no sessions. */
export function sessionsPathOf(root: unknown, systemUrl: string): string | undefined {
  const linked = samePlace(at(root, 'Links', 'Sessions', '@odata.id'), systemUrl)
  if (linked !== undefined) return linked
  const service = samePlace(at(root, 'SessionService', '@odata.id'), systemUrl)
  return service === undefined ? undefined : `${service.replace(/\/$/, '')}/Sessions`
}

/** Path of a reference that leads to the same service; undefined for every other value. */
export function samePlace(reference: unknown, systemUrl: string): string | undefined {
  if (typeof reference !== 'string' || reference.length > PATH_CHARACTERS_MAX) return undefined
  const target = URL.parse(reference, systemUrl)
  if (target?.origin !== new URL(systemUrl).origin) return undefined
  return target.pathname.startsWith('/redfish/') ? `${target.pathname}${target.search}` : undefined
}

/** The message ids of a refusal, as the registries name them: `Base.1.7.GeneralError`. */
function messageIds(value: unknown): readonly string[] {
  const infos = at(value, 'error', '@Message.ExtendedInfo')
  return (Array.isArray(infos) ? infos.slice(0, 16) : [])
    .map((info: unknown) => at(info, 'MessageId'))
    .filter((id) => typeof id === 'string')
    .filter((id) => /^[\w.-]{1,100}$/.test(id))
}

const SESSIONS_USED_UP = /SessionLimitExceeded|\.RAC0218$/
/** 503 is the status of the standard for "no session is free", 507 for "no room". */
const NO_ROOM = [503, 507]

/** Whether a service refuses to open a session because all of them are in use. */
export const hasNoFreeSession = (status: number, value: unknown): boolean =>
  NO_ROOM.includes(status) || messageIds(value).some((id) => SESSIONS_USED_UP.test(id))

const UNAUTHORIZED = /Unauthori[sz]ed|AccessDenied|InsufficientPrivilege|NoValidSession/
const BUSY = [408, 423, 425, 429, 500, 502, 503, 504]

/** Why a request was not carried out; `what` completes the sentence "the BMC refuses …". */
export function refusal(status: number, value: unknown, what: string): CodedError {
  const ids = messageIds(value)
  const reason = ids[0] === undefined ? `HTTP ${status}` : `HTTP ${status}, ${ids.join(', ')}`
  if (ids.some((id) => SESSIONS_USED_UP.test(id))) {
    return new CodedError('POWER_UNREACHABLE', `the BMC has no free session (${reason})`)
  }
  if (status === 401 || status === 403 || ids.some((id) => UNAUTHORIZED.test(id))) {
    return new CodedError('POWER_MISCONFIGURED', `the BMC refuses ${what} (${reason})`)
  }
  if (BUSY.includes(status)) {
    return new CodedError('POWER_COMMAND_FAILED', `the BMC is busy or starting (${reason})`)
  }
  // While a BMC starts it does not know its machine yet: 404 is a wrong address, or a BMC that starts.
  return new CodedError('POWER_COMMAND_FAILED', `the BMC does not carry out ${what} (${reason})`)
}

/** The value of a member of a member; the exact name is preferred. */
function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value
  for (const name of names) {
    if (!isFields(found)) return undefined
    const key = Object.hasOwn(found, name)
      ? name
      : Object.keys(found).find((other) => other.toLowerCase() === name.toLowerCase())
    found = key === undefined ? undefined : found[key]
  }
  return found
}
