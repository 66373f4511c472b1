/** The list of built-in extensions, which some clients use for discovery: `/extensions`. */
import { Type } from 'typebox'
import type { GatewayApp } from '../app.ts'
import { CodedError } from '../../schema/errors.ts'
import { FaultBody, idOf } from '../fields.ts'

const Extension = Type.Object({
  name: Type.String(),
  alias: Type.String(),
  description: Type.String(),
  namespace: Type.String(),
  updated: Type.String(),
  links: Type.Array(Type.Unknown()),
})

const extension = (alias: string, name: string, description: string) => ({
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

/** Installs the routes. */
export function extensionRoutes(app: GatewayApp): void {
  app.get('/extensions', {
    config: { rule: 'extensions:index' },
    schema: {
      response: { 200: Type.Object({ extensions: Type.Array(Extension) }), default: FaultBody },
    },
    handler: async () => ({ extensions: EXTENSIONS }),
  })

  app.get('/extensions/:alias', {
    config: { rule: 'extensions:detail' },
    schema: {
      params: Type.Object({ alias: Type.String() }),
      response: { 200: Type.Object({ extension: Extension }), default: FaultBody },
    },
    handler: async ({ params }) => {
      const alias = idOf(params.alias)
      const found = EXTENSIONS.find((known) => known.alias === alias)
      if (found !== undefined) return { extension: found }
      throw new CodedError('EXTENSION_NOT_FOUND', `No extension with alias ${alias}.`)
    },
  })
}
