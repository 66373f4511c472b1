/** Version discovery. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayApp } from '../app.ts'
import { linkBase, type LinkOptions } from '../http/links.ts'
import { VERSION_MAX, VERSION_MIN } from '../plugins/microversion.ts'

const MEDIA_TYPES = [
  { base: 'application/json', type: 'application/vnd.openstack.masakari+json;version=1' },
]

const VERSION = {
  id: 'v1.0',
  status: 'CURRENT',
  version: VERSION_MAX,
  min_version: VERSION_MIN,
  updated: '2016-07-01T11:33:21Z',
}

/** `/` with any method, as in Masakari; it needs no token. */
export function listVersions(app: GatewayApp, options: LinkOptions): void {
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/',
    handler: async (request, reply) => {
      const href = `${linkBase(request, options)}/v1/`
      return sendJson(reply, { versions: [{ ...VERSION, links: [{ rel: 'self', href }] }] })
    },
  })
}

/** `GET /v1` and `GET /v1/`, inside the scope of `/v1`. */
export function showVersion(app: GatewayApp, options: LinkOptions): void {
  const answer = async (request: FastifyRequest): Promise<unknown> => ({
    version: {
      ...VERSION,
      links: [
        { rel: 'self', href: `${linkBase(request, options)}/v1/` },
        { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' },
      ],
      'media-types': MEDIA_TYPES,
    },
  })
  app.get('/', { prefixTrailingSlash: 'both', config: { action: 'versions:index' } }, answer)
}

/** Answers any path outside `/v1` with the available versions. */
export function offerVersions(
  request: FastifyRequest,
  reply: FastifyReply,
  options: LinkOptions,
): FastifyReply {
  const [path = '/'] = request.url.split('?', 1)
  const self = { rel: 'self', href: `${linkBase(request, options)}/v1${path}` }
  const choice = {
    id: VERSION.id,
    status: VERSION.status,
    links: [self],
    'media-types': MEDIA_TYPES,
  }
  return sendJson(reply.code(300), { choices: [choice] })
}

/**
 * A text would get a charset after its type, which answers of this API do not have. Therefore a
 * buffer is sent.
 */
const sendJson = (reply: FastifyReply, body: unknown): FastifyReply =>
  reply.type('application/json').send(Buffer.from(JSON.stringify(body)))
