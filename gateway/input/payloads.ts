/** What the payload of a notification may contain, by type. */
import { Type, type TSchema } from 'typebox'
import type { NotificationType, Payload } from '../../schema/records.ts'
import { checker } from './validation.ts'

/** The rule for all types: short keys from a small alphabet, short texts as values. */
export const AnyPayload = Type.Unsafe<Payload>({
  type: 'object',
  patternProperties: {
    '^[a-zA-Z0-9\\-_:. ]{1,255}$': { type: 'string', maxLength: 255, pattern: '^\\P{Cc}{0,255}$' },
  },
  additionalProperties: false,
})

const UUID_FORM =
  '^(?:urn:uuid:)?\\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\\}?$'

const EVENT = { enum: ['STARTED', 'STOPPED'] }
const STRICT = { additionalProperties: false }
const Words = Type.String({ minLength: 1, maxLength: 255 })

const SCHEMAS: Readonly<Record<NotificationType, TSchema>> = {
  COMPUTE_HOST: Type.Object(
    {
      event: Type.Unsafe<string>(EVENT),
      host_status: Type.Optional(Type.Unsafe<string>({ enum: ['NORMAL', 'UNKNOWN'] })),
      cluster_status: Type.Optional(Type.Unsafe<string>({ enum: ['ONLINE', 'OFFLINE'] })),
    },
    STRICT,
  ),
  PROCESS: Type.Object({ event: Type.Unsafe<string>(EVENT), process_name: Words }, STRICT),
  VM: Type.Object(
    { instance_uuid: Type.String({ pattern: UUID_FORM }), event: Words, vir_domain_event: Words },
    STRICT,
  ),
}

/** Compiles the checks of payloads, once. */
export function payloadChecks(): Readonly<Record<NotificationType, ReturnType<typeof checker>>> {
  return {
    COMPUTE_HOST: checker(SCHEMAS.COMPUTE_HOST),
    PROCESS: checker(SCHEMAS.PROCESS),
    VM: checker(SCHEMAS.VM),
  }
}

/** The payload as it is stored, with the instance id in the form that the Compute API uses. */
export function canonicalPayload(payload: Payload): Payload {
  const { instance_uuid: instance } = payload
  if (instance === undefined) return payload
  const hex = instance.toLowerCase().replaceAll(/urn:uuid:|[^0-9a-f]/g, '')
  const canonical = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { ...payload, instance_uuid: canonical }
}
