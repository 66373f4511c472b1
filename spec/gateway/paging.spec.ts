/** Lists: pages, order, filters. */
import test, { type ExecutionContext } from 'ava'
import { at, startGateway, textAt, type GatewayWorld } from '../support/gateway.ts'

const NAMES = ['b', 'a', 'c', 'e', 'd']

async function withSegments(): Promise<GatewayWorld> {
  const world = await startGateway()
  for (const name of NAMES) {
    const enabled = name < 'c'
    const segment = { name, recovery_method: 'auto', service_type: `type-${name}`, enabled }
    await world.call({ method: 'POST', url: '/v1/segments', body: { segment }, version: '1.2' })
  }
  return world
}

const namesOf = (json: unknown): string => {
  const rows = at(json, 'segments')
  return Array.isArray(rows) ? rows.map((row) => textAt(row, 'name')).join('') : 'no list'
}

async function listed(t: ExecutionContext, world: GatewayWorld, query: string): Promise<string> {
  const { status, json } = await world.call({ url: `/v1/segments?${query}` })
  t.is(status, 200, query)
  return namesOf(json)
}

test('a list is sorted by creation, newest first, unless the request sorts it', async (t) => {
  await using world = await withSegments()
  for (const [query, names] of [
    ['', 'decab'],
    ['sort_key=name', 'edcba'],
    ['sort_key=name&sort_dir=asc', 'abcde'],
    ['sort_dir=asc', 'baced'],
    ['sort_key=enabled&sort_dir=asc&sort_key=name', 'cdeab'],
    ['sort_key=enabled&sort_dir=desc&sort_key=name&sort_dir=asc', 'abcde'],
    ['sort_key=id&sort_key=id', 'decab'],
    ['unknown=1', 'decab'],
  ] as const) {
    t.is(await listed(t, world, query), names, query)
  }
})

test('a page ends at the limit and links to the next one', async (t) => {
  await using world = await withSegments()
  let url = '/v1/segments?limit=2&sort_key=name&sort_dir=asc'
  const pages: string[] = []
  while (url !== 'undefined') {
    const { json } = await world.call({ url })
    pages.push(namesOf(json))
    url = textAt(json, 'links', 0, 'href').replace('http://localhost:80', '')
  }
  t.deepEqual(pages, ['ab', 'cd', 'e'])
})

test('a list longer than the greatest limit is cut there, with a link', async (t) => {
  await using world = await startGateway({ options: { maxLimit: 2 } })
  for (const name of NAMES) {
    const segment = { name, recovery_method: 'auto', service_type: 'x' }
    await world.call({ method: 'POST', url: '/v1/segments', body: { segment } })
  }
  for (const query of ['', 'limit=1000', 'limit=99999999999999999999999']) {
    const { json } = await world.call({ url: `/v1/segments?${query}` })
    t.is(namesOf(json), 'de')
    t.is(textAt(json, 'links', 0, 'rel'), 'next')
  }
})

test('a limit of zero is an empty list', async (t) => {
  await using world = await withSegments()
  t.deepEqual((await world.call({ url: '/v1/segments?limit=0' })).json, { segments: [] })
})

test('a marker is the integer id or the uuid of a row', async (t) => {
  await using world = await withSegments()
  const { json } = await world.call({ url: '/v1/segments' })
  t.is(await listed(t, world, `marker=${textAt(json, 'segments', 1, 'id')}`), 'cab')
  t.is(await listed(t, world, `marker=${textAt(json, 'segments', 1, 'uuid')}`), 'cab')
})

for (const [query, text] of [
  ['limit=x', /limit must be an integer/],
  ['limit=', /limit must be an integer/],
  ['limit=1.5', /limit must be an integer/],
  ['limit=-1', /limit must be >= 0/],
  ['marker=', /Marker {2}could not be found\./],
  ['marker=4711', /Marker 4711 could not be found\./],
  ['marker=1abc', /Marker 1abc could not be found\./],
  ['marker=99999999999999999999', /Marker 99999999999999999999 could not be found\./],
  ['marker=00000000-0000-4000-8000-000000000000', /could not be found\./],
  ['sort_key=secret', /sort_key secret/],
  ['sort_key=__proto__', /sort_key __proto__/],
  ['sort_dir=up', /sort_dir/],
  ['sort_dir=asc&sort_dir=asc', /sort_dir/],
  ['enabled=maybe', /Unrecognized value 'maybe'/],
] as const) {
  test(`the query ${query} is 400`, async (t) => {
    await using world = await withSegments()
    const { status, json } = await world.call({ url: `/v1/segments?${query}` })
    t.is(status, 400)
    t.regex(textAt(json, 'badRequest', 'message'), text)
  })
}

test('filters select exactly, and booleans are parsed', async (t) => {
  await using world = await withSegments()
  for (const [query, names] of [
    ['enabled=True', 'ab'],
    ['enabled=false', 'dec'],
    ['enabled=0', 'dec'],
    ['service_type=type-a', 'a'],
    ['service_type=type', ''],
    ['recovery_method=auto&enabled=1&enabled=0', 'dec'],
    ['recovery_method=nonsense', ''],
    ["service_type=' or 1=1", ''],
    ['service_type=%ff%00', ''],
  ] as const) {
    t.is(await listed(t, world, query), names, query)
  }
})
