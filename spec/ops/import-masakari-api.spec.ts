/**
 * A move from the distribution's Masakari: rows made through its API, imported, and each list and each object compared, as Masakari
 * answers and as our gateway and engine answer on the imported rows.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { command } from '../support/command.ts'
import { startMariadb } from '../support/mariadb.ts'
import { MASAKARI_ACCOUNT, startMasakari, type Masakari } from '../support/masakari.ts'
import { checksumOf, queryOn } from '../support/masakari-tables.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { configurationOf, startProduct, storeUrl } from '../support/product.ts'
import { at, textAt } from '../support/gateway.ts'

interface Answer {
  readonly status: number
  readonly version: string | null
  readonly body: unknown
}

interface Api {
  readonly address: string
  readonly token: string
}

/** One request, without a version or with one. */
async function ask(
  { address, token }: Api,
  path: string,
  { version, method = 'GET', body }: { version?: string; method?: string; body?: unknown } = {},
): Promise<Answer> {
  const answer = await fetch(`${address}/v1${path}`, {
    method,
    headers: {
      'x-auth-token': token,
      'content-type': 'application/json',
      ...(version === undefined ? {} : { 'openstack-api-version': `instance-ha ${version}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const json: unknown = text.startsWith('{') ? JSON.parse(text) : text
  return { status: answer.status, version: answer.headers.get('openstack-api-version'), body: json }
}

/** The differences between both that are wanted, and why. */
const DIFFERENCES = [
  {
    why: 'the header of a success has the name of the service type, as the header of an error has (a slip of Masakari)',
    ours: (answer: Answer): Answer => answer,
    theirs: (answer: Answer): Answer => ({
      ...answer,
      version: answer.version?.replace('masakari', 'instance-ha') ?? null,
    }),
  },
  {
    why: 'a page that is not the last one says where the next one is, which clients ignore or use',
    ours: (answer: Answer): Answer => without(answer, 'links'),
    theirs: (answer: Answer): Answer => answer,
  },
  {
    why: 'the fields of 2025 of a notification, which this older Masakari does not have, are shown at every version',
    ours: (answer: Answer): Answer => without(answer, 'failover_segment_uuid', 'message'),
    theirs: (answer: Answer): Answer => answer,
  },
  {
    why: 'secrets in control_attributes are not shown (decision 0029)',
    ours: (answer: Answer): Answer => answer,
    theirs: (answer: Answer): Answer => replaced(answer, '\\"s3cret\\"', '\\"***\\"'),
  },
  {
    why: 'we have microversions of our own',
    ours: (answer: Answer): Answer =>
      replaced(answer, 'and maximum is 1.4.', 'and maximum is 1.2.'),
    theirs: (answer: Answer): Answer => answer,
  },
  {
    why: 'an unknown sort key is named as a sentence, and not as an exception of Python',
    ours: (answer: Answer): Answer => replaced(answer, 'invalid: sort_key ', 'invalid: '),
    theirs: (answer: Answer): Answer =>
      replaced(replaced(answer, "InvalidSortKey('", ''), "nothing')", 'nothing'),
  },
] as const

/** Answers in which these members of the body, and of the objects in it, do not count. An error keeps its message. */
function without(answer: Answer, ...names: readonly string[]): Answer {
  if (answer.status >= 400) return answer
  const reviver = (name: string, value: unknown): unknown =>
    names.includes(name) ? undefined : value
  return { ...answer, body: JSON.parse(JSON.stringify(answer.body), reviver) as unknown }
}

const replaced = (answer: Answer, from: string, to: string): Answer => ({
  ...answer,
  body: JSON.parse(JSON.stringify(answer.body).replaceAll(from, to)) as unknown,
})

/** Masakari asks its engine for the details of 1.1, and fails without one. Here they are stored with the recovery. */
const NEEDS_ENGINE = /^\/notifications\/[-0-9a-f]+$/

const made = async (api: Api, path: string, body: unknown): Promise<unknown> => {
  const answer = await ask(api, path, { method: 'POST', body, version: '1.2' })
  if (answer.status > 202) throw new Error(`${path}: ${JSON.stringify(answer)}`)
  return answer.body
}

/** Segments and hosts of every kind, also deleted ones, and notifications of every type. */
async function fill(api: Api): Promise<void> {
  const methods = ['auto', 'reserved_host', 'auto_priority', 'rh_priority']
  const segments: string[] = []
  for (const [index, method] of methods.entries()) {
    const segment = {
      name: `Zone ${index} ü`,
      recovery_method: method,
      service_type: index % 2 === 0 ? 'COMPUTE' : 'compute',
      enabled: index !== 2,
      ...(index === 1 ? {} : { description: `line 1\nline ${index}` }),
    }
    segments.push(textAt(await made(api, '/segments', { segment }), 'segment', 'uuid'))
  }
  const hosts: string[] = []
  for (let number = 1; number <= 12; number += 1) {
    const host = {
      name: `compute-${number}`,
      type: 'COMPUTE',
      control_attributes:
        number === 3
          ? '{"ipmi":{"host":"a","username":"b","password":"s3cret"}}'
          : `rack ${number}`,
      reserved: number % 4 === 0,
      on_maintenance: number === 5,
    }
    const path = `/segments/${segments[number % 3]}/hosts`
    hosts.push(textAt(await made(api, path, { host }), 'host', 'uuid'))
  }
  const renamed = { segment: { description: 'changed' } }
  await ask(api, `/segments/${segments[1]}`, { method: 'PUT', body: renamed })
  for (let number = 6; number <= 10; number += 1) {
    const payload =
      number === 7
        ? { event: 'LIFECYCLE', instance_uuid: segments[0], vir_domain_event: 'STOPPED_FAILED' }
        : number === 8
          ? { event: 'STOPPED', process_name: 'nova-compute' }
          : { event: 'STOPPED', host_status: 'NORMAL', cluster_status: 'OFFLINE' }
    const type = number === 7 ? 'VM' : number === 8 ? 'PROCESS' : 'COMPUTE_HOST'
    const generated = `2026-11-2${number - 5}T07:24:52`
    const told = { type, hostname: `compute-${number}`, generated_time: generated, payload }
    await made(api, '/notifications', { notification: told })
  }
  // Without a notification that has not ended, it may go.
  await ask(api, `/segments/${segments[3]}`, { method: 'DELETE' })
}

/** Every list with its filters, orders and pages, and every object; and what does not exist. */
async function pathsOf(api: Api): Promise<readonly string[]> {
  const segments = await rows(api, '/segments')
  const notifications = await rows(api, '/notifications')
  const lists = [
    ...['', '?recovery_method=auto', '?service_type=COMPUTE', '?enabled=1', '?enabled=0'].map(
      (query) => `/segments${query}`,
    ),
    ...['name:asc', 'name:desc', 'id:asc', 'service_type:asc', 'created_at:desc'].map((order) => {
      const [key, direction] = order.split(':')
      return `/segments?sort_key=${key}&sort_dir=${direction}`
    }),
    '/segments?sort_key=recovery_method&sort_key=name&sort_dir=desc&sort_dir=asc',
    '/segments?limit=2',
    `/segments?limit=2&sort_key=id&sort_dir=asc&marker=${textAt(segments[1], 'id')}`,
    '/segments?limit=0',
    '/segments?limit=x',
    '/segments?marker=99999',
    '/segments?sort_key=nothing',
    '/notifications',
    ...['finished', 'failed', 'ignored', 'new', 'odd'].map(
      (each) => `/notifications?status=${each}`,
    ),
    ...['VM', 'PROCESS', 'COMPUTE_HOST', 'odd'].map((each) => `/notifications?type=${each}`),
    '/notifications?generated-since=2026-11-23T07:24:52',
    '/notifications?sort_key=generated_time&sort_dir=asc&limit=3',
    `/notifications?sort_key=id&sort_dir=desc&marker=${textAt(notifications[2], 'id')}`,
    `/notifications?source_host_uuid=${textAt(notifications[0], 'source_host_uuid')}`,
    ...notifications.map((each) => `/notifications/${textAt(each, 'notification_uuid')}`),
    `/segments/${NOBODY}`,
    `/segments/${NOBODY}/hosts`,
    `/notifications/${NOBODY}`,
  ]
  for (const segment of segments) {
    const at = `/segments/${textAt(segment, 'uuid')}`
    const hosts = await rows(api, `${at}/hosts`)
    const queries = [
      '',
      '?type=COMPUTE',
      '?reserved=true',
      '?on_maintenance=1',
      '?limit=1',
      '?sort_key=name&sort_dir=asc',
    ]
    lists.push(at, ...queries.map((query) => `${at}/hosts${query}`), `${at}/hosts/${NOBODY}`)
    lists.push(...hosts.map((host) => `${at}/hosts/${textAt(host, 'uuid')}`))
  }
  return lists
}

const NOBODY = '00000000-0000-4000-8000-000000000000'

async function rows(api: Api, path: string): Promise<readonly unknown[]> {
  const { body } = await ask(api, path)
  const list = Object.values(Object(body)).find(Array.isArray)
  return list ?? []
}

const keyOf = (path: string, version: string | undefined): string => `${path} at ${version ?? '-'}`

/** The version for each path: all without one; some with each of the versions that Masakari has. */
const requestsOf = (paths: readonly string[]): readonly (readonly [string, string?])[] => [
  ...paths.map((path) => [path] as const),
  ...paths
    .filter((path) => VERSIONED.test(path))
    .flatMap((path) => VERSIONS.map((version) => [path, version] as const)),
]
const VERSIONS = ['1.0', '1.1', '1.2', '9.9']
const VERSIONED = /^\/(segments|notifications)$|^\/notifications\/[-0-9a-f]+$/

async function answersOf(
  api: Api,
  requests: ReturnType<typeof requestsOf>,
): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>()
  for (const [path, version] of requests) {
    const answer = await ask(api, path, version === undefined ? {} : { version })
    answers.set(keyOf(path, version), answer)
  }
  return answers
}

test.serial(
  'after an import, every list and every object is answered as Masakari answered it',
  async (t) => {
    t.timeout(600_000)
    await using mariadb = await startMariadb()
    await using masakari: Masakari = await startMasakari(mariadb)
    await using directory = await temporaryDirectory('import-api')
    await fill(masakari)
    const theirs = (sql: string) => queryOn(mariadb, masakari.database, sql)
    const statuses = ['finished', 'failed', 'ignored', 'running', 'finished']
    for (const [index, status] of statuses.entries()) {
      // This is what its engine would write.
      await theirs(
        `update notifications set status = '${status}', updated_at = now() where id = ${index + 1}`,
      )
    }

    const ours = await mariadb.createDatabase()
    const { username, password, project } = MASAKARI_ACCOUNT
    const listen = await freePort()
    const told = configurationOf({
      node: 'one',
      roles: 'gateway, engine',
      account: { username, password, project, authUrl: masakari.keystone.url },
      port: listen,
      store: storeUrl(mariadb, ours),
      bus: 'memory',
      stateDirectory: directory.path,
    })
    const config = join(directory.path, 'one.conf')
    await writeFile(config, told, { mode: 0o600 })
    const words = ['import-masakari', '--from-config', masakari.config, '--config', config]
    const first = await command(words)
    t.is(first.status, 1, first.err)
    t.regex(
      first.out,
      /^not imported notification .*Masakari has not ended its recovery \(running\)$/m,
    )
    await theirs(
      "update notifications set status = 'failed', updated_at = now() where status = 'running'",
    )
    const untouched = await checksumOf(mariadb, masakari.database)
    const second = await command(words)
    t.is(second.status, 0, second.out + second.err)
    t.regex(second.out, /^\[database\] connection +other meaning/m)
    t.regex((await command(words)).out, /Nothing was changed\./)
    t.notRegex(first.out + second.out, new RegExp(`s3cret|${password}`))

    const requests = requestsOf(await pathsOf(masakari))
    const before = await answersOf(masakari, requests)
    const history = await queryOn(mariadb, ours, 'select * from notifications order by id')
    await using product = await startProduct(directory.path, 'one', await readFile(config, 'utf8'))
    const api = { address: `http://127.0.0.1:${listen}`, token: masakari.token }
    const after = await answersOf(api, requests)

    for (const [key, theirAnswer] of before) {
      const path = key.split(' ')[0] ?? ''
      const ourAnswer = after.get(key) ?? { status: 0, version: null, body: null }
      if (theirAnswer.status === 500 && NEEDS_ENGINE.test(path)) {
        t.is(ourAnswer.status, 200, key)
        t.true(Array.isArray(at(ourAnswer.body, 'notification', 'recovery_workflow_details')), key)
        continue
      }
      const [we, they] = DIFFERENCES.reduce(
        ([mine, other], { ours: change, theirs: changeTheirs }) =>
          [change(mine), changeTheirs(other)] as const,
        [ourAnswer, theirAnswer] as const,
      )
      t.deepEqual(we, they, key)
    }
    t.true(before.size > 100, `${before.size} answers`)
    const good = [...before.values()].filter(({ status }) => status === 200).length
    t.true(good > 60, `${good} of them are no errors`)

    t.is(await checksumOf(mariadb, masakari.database), untouched, 'Masakari can go on')
    t.deepEqual(
      await queryOn(mariadb, ours, 'select * from notifications order by id'),
      history,
      'the engine leaves imported recoveries alone',
    )
    t.deepEqual(masakari.novaWrites, [])
    t.notThrows(() => process.kill(product.pid, 0))
  },
)
