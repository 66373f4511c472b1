/** The list of built-in extensions, which some clients use for discovery: `/extensions`. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { idOf } from '../input/fields.ts'
import { mayDo } from '../plugins/policy.ts'
import type { Policy } from '../policy/policy.ts'
import { refuseMethods, refuseUnusedPaths } from './not-allowed.ts'

const Extension = Type.Object({
  name: Type.String(),
  alias: Type.String(),
  description: Type.String(),
  namespace: Type.String(),
  updated: Type.String(),
  links: Type.Array(Type.Unknown()),
})

const extension = <Alias extends string>(alias: Alias, name: string, description: string) => ({
  name,
  alias,
  description,
  namespace: '',
  updated: '',
  links: [],
})

/** Sorted by alias. */
const EXTENSIONS = [
  extension('extensions', 'Extensions', 'Extensions of this API.'),
  extension('notifications', 'Notifications', 'Reports of faults.'),
  extension('os-hosts', 'Hosts', 'Hosts of failover segments.'),
  extension('segments', 'Segments', 'Failover segments.'),
  extension('versions', 'Versions', 'Version discovery.'),
  extension('vmoves', 'VMoves', 'Moves of instances.'),
]

/** Installs the routes. Each caller sees the extensions that the policy allows it to discover. */
export function extensionRoutes(app: GatewayApp, policy: Policy): void {
  const visible = (request: FastifyRequest) =>
    EXTENSIONS.filter(({ alias }) => mayDo(request, policy, `${alias}:discoverable`))

  app.get('/extensions', {
    config: { action: 'extensions:index' },
    schema: {
      response: { 200: Type.Object({ extensions: Type.Array(Extension) }), default: FaultBody },
    },
    handler: async (request) => ({ extensions: visible(request) }),
  })

  app.get('/extensions/:alias', {
    config: { action: 'extensions:detail' },
    schema: {
      params: Type.Object({ alias: Type.String() }),
      response: { 200: Type.Object({ extension: Extension }), default: FaultBody },
    },
    handler: async (request) => {
      const alias = idOf(request.params.alias)
      const found = visible(request).find((known) => known.alias === alias)
      if (found !== undefined) return { extension: found }
      throw new CodedError('EXTENSION_NOT_FOUND', `No extension with alias ${alias}.`)
    },
  })

  refuseMethods(app, '/extensions', ['POST'], 'GET')
  refuseMethods(app, '/extensions/:alias', ['PUT', 'DELETE'], 'GET')
  refuseUnusedPaths(app, '/extensions')
}
