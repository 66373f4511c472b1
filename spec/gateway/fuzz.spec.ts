/**
 * Thousands of requests from the routes' own schemas, valid and damaged: never a 5xx, always a
 * documented form.
 */
import test from 'ava'
import * as fc from 'fast-check'
import type { InjectOptions, RouteOptions } from 'fastify'
import { Type, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import {
  aHost,
  anInstance,
  aSegment,
  at,
  hostFailure,
  startGateway,
  textAt,
} from '../support/gateway.ts'
import type { GatewayWorld } from '../support/gateway.ts'
import { holdsAsync } from '../support/holds.ts'

const RUNS = 20_000

interface Route {
  readonly method: string
  readonly url: string
  readonly body: unknown
  readonly query: readonly string[]
  readonly answers: Readonly<Record<string, unknown>>
}

const schemaOf = (route: RouteOptions): unknown => route.schema

/** Every route of the resources, with its schemas. */
async function collectRoutes(world: GatewayWorld): Promise<readonly Route[]> {
  const routes: Route[] = []
  world.app.addHook('onRoute', (route) => {
    const schema = schemaOf(route)
    const query = at(schema, 'querystring', 'properties')
    for (const method of [route.method].flat()) {
      routes.push({
        method,
        url: route.url,
        body: at(schema, 'body'),
        query: Object.keys(query ?? {}),
        answers: Object.fromEntries(Object.entries(at(schema, 'response') ?? {})),
      })
    }
  })
  await world.app.ready()
  return routes.filter(({ url }) => url.startsWith('/v1'))
}

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\nb',
  '\ud800',
  '__proto__',
  'constructor',
  "' or 1=1 --",
  '%00',
  '../..',
  '1e400',
  '-1',
  '99999999999999999999',
  'é́'.repeat(200),
  'x'.repeat(300),
]
const GOOD_TEXTS = [
  'compute-1',
  'compute-2',
  'rack-1',
  'COMPUTE',
  'true',
  '2026-01-01T00:00:00',
  'name',
  'created_at',
  'asc',
  'desc',
  '1',
]

const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...GOOD_TEXTS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
)
const anyJson = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.double(),
  fc.bigInt().map(Number),
)

/** Values that usually fit a schema. Sometimes properties are dropped, added or replaced. */
function fromSchema(schema: unknown): fc.Arbitrary<unknown> {
  const enumeration = at(schema, 'enum')
  if (Array.isArray(enumeration)) return mostly(fc.constantFrom<unknown>(...enumeration))
  const properties = at(schema, 'properties')
  if (typeof properties === 'object' && properties !== null)
    return mostly(fromProperties(properties))
  if (at(schema, 'patternProperties') !== undefined) return mostly(PAYLOAD)
  return mostly(anyText)
}

const FITTING: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  name: fc.stringMatching(/^[a-z]{2,3}$/),
  hostname: fc.constantFrom('untouched', 'untouched', 'untouched', 'compute-1', 'nobody'),
  generated_time: fc
    .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toJSON()),
}

const mostly = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: good }, { weight: 1, arbitrary: anyJson })

const fromProperties = (properties: object): fc.Arbitrary<unknown> => {
  const members = Object.entries(properties).map(([name, inner]) =>
    fc
      .tuple(fc.integer({ min: 0, max: 39 }), FITTING[name] ?? fromSchema(inner))
      .map(([luck, value]): [string, unknown][] => (luck === 0 ? [] : [[name, value]])),
  )
  const extra = fc.oneof(
    { weight: 30, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(anyText, anyJson).map((member) => [member]) },
  )
  return fc
    .tuple(fc.tuple(...members), extra)
    .map(([own, more]) => Object.fromEntries([...own.flat(), ...more]))
}

const PAYLOAD = fc.oneof(
  fc.record({
    event: fc.constant('STOPPED'),
    process_name: fc.string({ unit: 'grapheme-ascii', minLength: 1 }),
  }),
  fc.record(
    {
      event: fc.constantFrom('STOPPED', 'STARTED', 'LIFECYCLE'),
      host_status: fc.constantFrom('NORMAL', 'UNKNOWN', 'x'),
      process_name: anyText,
    },
    { requiredKeys: ['event'] },
  ),
  fc.record({
    event: anyText,
    instance_uuid: fc.oneof(fc.uuid(), anyText),
    vir_domain_event: anyText,
  }),
)

const HEADERS = fc.record(
  {
    'openstack-api-version': fc.constantFrom(
      ...['1.0', '1.1', '1.2', '1.3', '1.4', '1.5', 'latest', 'x', '', '01.1'].map(
        (version) => `instance-ha ${version}`,
      ),
    ),
    'content-type': fc.constantFrom('application/json', 'text/plain', 'application/xml', ';', ''),
    'x-auth-token': fc.constantFrom('admin-token', 'reader-token', 'member-token', 'x'),
    accept: fc.constantFrom('*/*', 'application/vnd.openstack.masakari+json', '\u00ff'),
  },
  { requiredKeys: [] },
)

function requestFor(route: Route, ids: readonly string[]): fc.Arbitrary<InjectOptions> {
  const id = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: anyText },
  )
  const segments = route.url.split('/').map((part) => {
    if (part.startsWith(':projectId')) return fc.constant('0123456789abcdef0123456789abcdef')
    return part.startsWith(':') ? id.map(pathText) : fc.constant(part)
  })
  const name = fc.oneof(fc.constantFrom('limit', 'marker', ...route.query), anyText)
  return fc.record({
    method: fc.constant(route.method as 'GET'), // the method for which the route was registered
    url: fc
      .tuple(fc.tuple(...segments), fc.array(fc.tuple(name, anyText), { maxLength: 3 }))
      .map(([parts, query]) => `${parts.join('/')}?${query.map(queryText).join('&')}`),
    payload:
      route.body === undefined
        ? fc.constant('')
        : fc.oneof(
            {
              weight: 12,
              arbitrary: fromSchema(route.body).map((body) => JSON.stringify(body) ?? ''),
            },
            { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
          ),
    headers: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, HEADERS).map((headers) => ({
      'x-auth-token': 'admin-token',
      ...(route.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      // An open stream of events has no end, so no caller is accepted there.
      ...(route.url.endsWith('/events') ? { 'x-auth-token': strangerTo(route) } : {}),
    })),
  })
}

/** A token with which the events of this route may not be followed. */
const strangerTo = ({ url }: Pick<Route, 'url'>): string =>
  url.endsWith('/instances/events') ? 'system-reader-token' : 'member-token'

const pathText = (text: string): string => encodeURIComponent(text.toWellFormed())
const queryText = ([key, value]: readonly [string, string]): string =>
  `${pathText(key)}=${pathText(value)}`

const FAULT = Compile(
  Type.Record(Type.String(), Type.Object({ code: Type.Integer(), message: Type.String() })),
)

/** What is wrong with an answer; undefined when it is as documented. */
function complaint(route: Route, status: number, type: string, body: string): string | undefined {
  if (status >= 500) return 'a server error'
  if (status === 204) return body === '' ? undefined : 'a body after all'
  if (type.startsWith('text/plain')) return status === 413 ? undefined : 'plain text'
  const json: unknown = JSON.parse(body)
  return status >= 400 ? faultComplaint(status, json) : shapeComplaint(route, status, json)
}

function faultComplaint(status: number, json: unknown): string | undefined {
  if (!FAULT.Check(json)) return 'not a fault'
  return Object.values(json)[0]?.code === status ? undefined : 'another code than the status'
}

function shapeComplaint(route: Route, status: number, json: unknown): string | undefined {
  const schema = route.answers[String(status)]
  if (schema === undefined) return VERSION_PATHS.includes(route.url) ? undefined : 'another status'
  // The schema comes from the route itself.
  return Compile(schema as TSchema).Check(json) ? undefined : 'another shape than documented'
}

const VERSION_PATHS = ['/v1', '/v1/']

test('no request makes a server error or an undocumented answer', async (t) => {
  const owned = Array.from({ length: 5 }, (_value, index) => anInstance(index))
  const compute = { listProjectInstances: async () => owned }
  await using world = await startGateway({ compute })
  const routes = await collectRoutes(world)
  t.true(routes.length > 40)
  const segment = await aSegment(world)
  const host = await aHost(world, segment)
  // No request knows the id of this host, so none sets its maintenance.
  await aHost(world, segment, 'untouched')
  const made = await world.call({ method: 'POST', url: '/v1/notifications', body: hostFailure() })
  const ids = [segment, host, textAt(made.json, 'notification', 'notification_uuid')]
  ids.push(...owned.map(({ id }) => id))
  for (const name of ['spare-1', 'spare-2', 'spare-3', 'spare-4', 'spare-5'])
    ids.push(await aSegment(world, name))
  const documented = routes.filter(({ answers }) => Object.keys(answers).length > 0)
  const writing = routes.filter(({ body }) => body !== undefined)
  const arbitraries = new Map(
    routes.map((route) => [route, requestFor(route, ids).map((options) => ({ route, options }))]),
  )
  const anyOf = (chosen: readonly Route[]) =>
    fc.oneof(...chosen.flatMap((route) => arbitraries.get(route) ?? []))
  const requests = fc.oneof(
    { weight: 1, arbitrary: anyOf(routes) },
    { weight: 3, arbitrary: anyOf(documented) },
    { weight: 3, arbitrary: anyOf(writing) },
  )
  const seen = new Map<number, number>()
  await holdsAsync(
    t,
    fc.asyncProperty(requests, async ({ route, options }) => {
      const { statusCode, headers, payload } = await world.app.inject(options)
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
      const wrong = complaint(route, statusCode, String(headers['content-type']), payload)
      if (wrong !== undefined) throw new Error(`${wrong}: ${statusCode} ${payload}`)
    }),
    { numRuns: RUNS },
  )
  t.log(Object.fromEntries(seen))
  for (const status of [200, 201, 202, 204, 400, 401, 403, 404, 405, 406, 409, 415]) {
    t.true((seen.get(status) ?? 0) > 0, `no request was answered with ${status}`)
  }
})
