/** The documents: one index leads to every page, every link leads somewhere, and the page of the API is complete. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'ava'
import { at, startGateway } from './support/gateway.ts'
import { everyFile } from './support/sources.ts'

const isPage = (path: string): boolean => path.endsWith('.md')

const atRoot = readdirSync('.').filter(isPage)
const pages = [...atRoot, ...everyFile().filter(isPage)]

/** Text without examples of code: what stands in them is no link and no heading. */
const prose = (path: string): string =>
  readFileSync(path, 'utf8')
    .replaceAll(/^```[^]*?^```/gm, '')
    .replaceAll(/^ {4}.*$/gm, '')

interface Link {
  readonly from: string
  /** A path from the root of the project. */
  readonly to: string
  readonly anchor: string | undefined
}

/** The relative links of a page, those of pictures included. */
function linksOf(from: string): readonly Link[] {
  return [...prose(from).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#')
      return { from, to: path === '' ? from : normalize(join(dirname(from), path)), anchor }
    })
}

/** The anchors that a reader's program makes of the headings of a page. */
const anchorsOf = (path: string): ReadonlySet<string> =>
  new Set(
    [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

function isBroken({ to, anchor }: Link): boolean {
  if (!existsSync(to)) return true
  if (anchor === undefined) return false
  return statSync(to).isDirectory() || !anchorsOf(to).has(anchor)
}

test('every relative link of every page leads to a file, and to a heading that it has', (t) => {
  const links = pages.flatMap(linksOf)
  t.true(links.length > 150)
  const broken = links.filter(isBroken)
  t.deepEqual(
    broken.map(
      ({ from, to, anchor }) => `${from}: ${to}${anchor === undefined ? '' : `#${anchor}`}`,
    ),
    [],
  )
})

/** Runbooks have an index of their own. */
const indexOf = (path: string): string =>
  dirname(path) === 'ops/docs/runbooks' && !path.endsWith('README.md')
    ? 'ops/docs/runbooks/README.md'
    : 'ops/docs/README.md'

test('each page of the guide is linked exactly once from its index', (t) => {
  const wrong = pages
    .filter((path) => path.startsWith('ops/docs/') && path !== 'ops/docs/README.md')
    .map((path) => ({ path, times: linksOf(indexOf(path)).filter(({ to }) => to === path).length }))
    .filter(({ times }) => times !== 1)
  t.deepEqual(wrong, [])
})

test('the page of the API lists every request, with the microversion that introduced it', async (t) => {
  await using world = await startGateway()
  const { json } = await world.call({ url: '/openapi.json' })
  const listed = [...prose('ops/docs/api.md').matchAll(/^\| `([A-Z]+ \/\S*)` \| (\S+) \|/gm)].map(
    ([, request = '', since = '']) => ({ request, since }),
  )
  const described = Object.entries(Object(at(json, 'paths'))).flatMap(([path, methods]) =>
    Object.keys(Object(methods)).map((method) => `${method.toUpperCase()} ${path}`),
  )
  t.deepEqual(listed.map(({ request }) => request).toSorted(), described.toSorted())
  for (const { request, since } of listed) {
    const [method = '', path = ''] = request.split(' ')
    const url = path.replaceAll(/\{\w+\}/g, '0f0e0d0c-0000-4000-8000-000000000001')
    if (method !== 'GET' || url.endsWith('/events')) continue // streams do not end
    const { json: answer } = await world.call({ url, version: '1.3' })
    const isUnknown = JSON.stringify(answer).includes(UNKNOWN)
    t.is(isUnknown, since === '1.4', `${request}: ${JSON.stringify(answer)}`)
  }
})

/** How the gateway answers about a path that it does not have. */
const UNKNOWN = 'The resource could not be found.'
