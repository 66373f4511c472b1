/** The server groups of the Compute port. */
import { Type } from 'typebox'
import { GROUP_POLICIES, type ComputePort } from '../../actors/ports/compute.ts'
import { CodedError } from '../../schema/errors.ts'
import { instanceId } from '../../schema/ids.ts'
import { answerDecoder } from './answer-decoder.ts'
import type { ComputeApi } from './compute-api.ts'
import { rowReader } from './odd-rows.ts'

/** From this microversion on, a group has one policy, with rules. */
const MICROVERSION = '2.64'
/** Nova gives no links here. A page that is not full is the last one. */
const PAGE = 1000
const PAGES_MAX = 100

const decodeGroups = answerDecoder(
  Type.Object({ server_groups: Type.Array(Type.Unknown()) }),
  'COMPUTE_UNAVAILABLE',
)
const readGroups = rowReader(
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    policy: Type.Union(GROUP_POLICIES.map((policy) => Type.Literal(policy))),
    rules: Type.Optional(Type.Object({ max_server_per_host: Type.Optional(Type.Integer()) })),
    members: Type.Array(Type.String()),
  }),
  'os-server-groups',
)

/** Uses Nova's `/os-server-groups`. */
export const novaServerGroups = (api: ComputeApi): Pick<ComputePort, 'listServerGroups'> => ({
  async listServerGroups(signal) {
    const rows: unknown[] = []
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const path = `/os-server-groups?all_projects=True&limit=${PAGE}&offset=${page * PAGE}`
      const call = { method: 'GET', path, repeat: 'harmless', microversion: MICROVERSION } as const
      const { server_groups: items } = decodeGroups(await api.call(call, signal))
      rows.push(...items)
      if (items.length < PAGE) {
        return readGroups(rows, api.oddRows).map(({ rules, members, ...group }) => ({
          ...group,
          perHostMax: rules?.max_server_per_host ?? 1,
          members: members.map(instanceId),
        }))
      }
    }
    throw new CodedError('COMPUTE_UNAVAILABLE', `a list of more than ${PAGES_MAX} pages`)
  },
})
