/** The aggregates part of the Compute port. */
import { Type } from 'typebox'
import type { Aggregate, ComputePort } from '../../actors/ports/compute.ts'
import { isCoded } from '../../schema/errors.ts'
import { hostName, type HostName } from '../../schema/ids.ts'
import { answerDecoder } from './answer-decoder.ts'
import type { ComputeApi } from './compute-api.ts'
import { rowReader } from './odd-rows.ts'

const decodeAggregates = answerDecoder(
  Type.Object({
    aggregates: Type.Array(Type.Unknown()),
  }),
  'COMPUTE_UNAVAILABLE',
)
const readAggregates = rowReader(
  Type.Object({
    id: Type.Integer(),
    name: Type.String(),
    hosts: Type.Array(Type.String()),
    metadata: Type.Optional(Type.Unknown()),
  }),
  'os-aggregates',
)

/** The members that are texts. Metadata of another form are none, and the aggregate counts all the same. */
const textsIn = (metadata: unknown): Aggregate['metadata'] =>
  typeof metadata !== 'object' || metadata === null
    ? {}
    : Object.fromEntries(
        Object.entries(metadata).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      )

type AggregatePort = Pick<ComputePort, 'listAggregates' | 'joinAggregate' | 'leaveAggregate'>

/** Uses Nova's `/os-aggregates`. */
export function novaAggregates(api: ComputeApi): AggregatePort {
  const listAggregates = async (signal?: AbortSignal): Promise<readonly Aggregate[]> => {
    const request = { method: 'GET', path: '/os-aggregates', repeat: 'harmless' } as const
    const { aggregates } = decodeAggregates(await api.call(request, signal))
    return readAggregates(aggregates, api.oddRows).map(({ id, name, hosts, metadata }) => ({
      id: String(id),
      name,
      hosts: hosts.map(hostName),
      metadata: textsIn(metadata),
    }))
  }

  const act = async (
    id: string,
    action: Readonly<Record<string, { readonly host: HostName }>>,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const path = `/os-aggregates/${encodeURIComponent(id)}/action`
    await api.call({ method: 'POST', path, body: action, repeat: 'harmless' }, signal)
  }

  const isIn = async (id: string, host: HostName, signal?: AbortSignal): Promise<boolean> =>
    (await listAggregates(signal)).some((one) => one.id === id && one.hosts.includes(host))

  return {
    listAggregates,
    async joinAggregate(id, host, signal) {
      try {
        await act(id, { add_host: { host } }, signal)
      } catch (error) {
        // Nova answers 409 for a host that is a member already, and for one that may not be a
        // member.
        if (!isCoded(error, 'COMPUTE_REFUSED') || !(await isIn(id, host, signal))) throw error
      }
    },
    async leaveAggregate(id, host, signal) {
      try {
        await act(id, { remove_host: { host } }, signal)
      } catch (error) {
        // Nova answers 404 for a host that is no member, and for a missing aggregate.
        if (!isCoded(error, 'COMPUTE_NOT_FOUND')) throw error
        const known = (await listAggregates(signal)).some((one) => one.id === id)
        if (!known || (await isIn(id, host, signal))) throw error
      }
    },
  }
}
