/**
 * Why an evacuation failed, in Nova's own words: from the events of the instance's latest
 * evacuation, or from its fault.
 */
import { Type } from 'typebox'
import { isCoded } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { answerDecoder } from './answer-decoder.ts'
import { decodeServer, serverPath } from './nova-answers.ts'

const TextOrNull = Type.Optional(Type.Union([Type.String(), Type.Null()]))

const decodeRequests = answerDecoder(
  Type.Object({
    instanceActions: Type.Array(Type.Object({ action: Type.String(), request_id: Type.String() })),
  }),
  'COMPUTE_UNAVAILABLE',
)

const decodeAction = answerDecoder(
  Type.Object({
    instanceAction: Type.Object({
      events: Type.Optional(Type.Array(Type.Object({ result: TextOrNull, traceback: TextOrNull }))),
    }),
  }),
  'COMPUTE_UNAVAILABLE',
)

type Get = (path: string, signal: AbortSignal | undefined) => Promise<string>

/** Sends one to three requests, only for an evacuation that has failed. */
export async function explainFailure(
  get: Get,
  id: InstanceId,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    return (await failedEvent(get, id, signal)) ?? (await faultOf(get, id, signal))
  } catch (error) {
    // The failure is recorded without its reason.
    if (isCoded(error, 'COMPUTE_NOT_FOUND', 'COMPUTE_REFUSED')) return undefined
    throw error
  }
}

async function failedEvent(
  get: Get,
  id: InstanceId,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const path = `${serverPath(id)}/os-instance-actions`
  const { instanceActions } = decodeRequests(await get(path, signal)) // newest first
  const latest = instanceActions.find(({ action }) => action === 'evacuate')
  if (latest === undefined) return undefined
  const { request_id: request } = latest
  const text = await get(`${path}/${encodeURIComponent(request)}`, signal)
  const failed = decodeAction(text).instanceAction.events?.find(({ result }) => result === 'Error')
  const reason = lastLine(failed?.traceback ?? '')
  return reason === undefined ? undefined : `${reason} (${request})`
}

async function faultOf(
  get: Get,
  id: InstanceId,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  return decodeServer(await get(serverPath(id), signal)).server.fault?.message
}

/** The line of a traceback that names the error, without the name of its class. */
function lastLine(traceback: string): string | undefined {
  const lines = traceback.split('\n').filter((line) => /^[A-Za-z_]\w*([.:]|$)/.test(line))
  return lines.at(-1)?.replace(/^[\w.]+: /, '')
}
