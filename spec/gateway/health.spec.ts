/** Health endpoints and the log. */
import test from 'ava'
import { pino } from 'pino'
import { CodedError } from '../../schema/errors.ts'
import { aHost, aSegment, at, startGateway } from '../support/gateway.ts'

test('a process that answers is alive, and ready when all its checks pass', async (t) => {
  await using world = await startGateway()
  t.deepEqual((await world.call({ url: '/health/live', token: '' })).json, { live: true })
  const { status, json } = await world.call({ url: '/health/ready', token: '' })
  t.is(status, 200)
  t.deepEqual(json, {
    ready: true,
    checks: [{ name: 'store', ok: true, reason: null, since: null }],
  })
  const { text, headers } = await world.call({ url: '/healthcheck', token: '' })
  t.is(text, 'OK')
  t.regex(String(headers['content-type']), /^text\/plain/)
})

test('a failed check makes the process not ready, and its reason contains no address', async (t) => {
  const asked = Promise.withResolvers<void>()
  await using world = await startGateway({
    readiness: [
      { name: 'bus', need: 'vital', check: async () => undefined },
      {
        name: 'store',
        need: 'vital',
        check: async () => {
          throw new CodedError('STORE_UNAVAILABLE', 'mysql://ha:secret@10.0.0.9/ha')
        },
      },
      {
        name: 'odd',
        need: 'vital',
        check: async () => {
          throw new Error('secret')
        },
      },
      {
        name: 'slow',
        need: 'vital',
        check: () => {
          asked.resolve()
          return new Promise<void>(() => undefined)
        },
      },
    ],
  })
  const since = new Date(world.clock.wallMs()).toISOString()
  const answer = world.call({ url: '/health/ready', token: '' })
  await asked.promise
  await world.clock.pass(3001, async () => undefined)
  const { status, json } = await answer
  t.is(status, 503)
  t.deepEqual(json, {
    ready: false,
    checks: [
      { name: 'bus', ok: true, reason: null, since: null },
      {
        name: 'store',
        ok: false,
        reason: 'STORE_UNAVAILABLE: The database is not available.',
        since,
      },
      {
        name: 'odd',
        ok: false,
        reason: 'the check failed',
        since,
      },
      {
        name: 'slow',
        ok: false,
        reason: 'ANSWER_LATE: No answer came in time.',
        since,
      },
    ],
  })
})

test('the time since which a check fails is shown until it succeeds', async (t) => {
  let failing = true
  const check = async (): Promise<void> => {
    if (failing) throw new CodedError('STORE_FULL', 'disk full: /var/lib/instance-ha')
  }
  await using world = await startGateway({ readiness: [{ name: 'store', need: 'vital', check }] })
  const ask = async () => (await world.call({ url: '/health/ready', token: '' })).json
  const since = new Date(world.clock.wallMs()).toISOString()
  const reason = 'STORE_FULL: The disk of the database is full.'
  t.like(await ask(), { ready: false, checks: [{ name: 'store', reason, since }] })
  await world.clock.pass(60_000, async () => undefined)
  t.like(await ask(), { checks: [{ since }] })
  failing = false
  await world.clock.pass(1001, async () => undefined)
  t.like(await ask(), { ready: true, checks: [{ ok: true, since: null }] })
  failing = true
  await world.clock.pass(1001, async () => undefined)
  t.like(await ask(), { checks: [{ since: new Date(world.clock.wallMs()).toISOString() }] })
})

test('five hundred simultaneous readiness requests cause one check', async (t) => {
  let looks = 0
  const check = async (): Promise<void> => {
    looks += 1
  }
  await using world = await startGateway({ readiness: [{ name: 'compute', need: 'vital', check }] })
  const ask = () => world.call({ url: '/health/ready', token: '' })
  const answers = await Promise.all(Array.from({ length: 500 }, ask))
  t.true(answers.every(({ status }) => status === 200))
  for (let index = 0; index < 50; index += 1) await ask()
  t.is(looks, 1)
  await world.clock.pass(1001, async () => undefined)
  await ask()
  t.is(looks, 2)
})

test('a failure of an optional part is shown, and does not make the process unready', async (t) => {
  await using world = await startGateway({
    readiness: [
      { name: 'store', need: 'vital', check: async () => undefined },
      {
        name: 'event notifications',
        need: 'dispensable',
        check: async () => {
          throw new CodedError('BUS_UNAVAILABLE', 'amqp://ha:secret@10.0.0.9')
        },
      },
    ],
  })
  const { status, json, text } = await world.call({ url: '/health/ready', token: '' })
  t.is(status, 200)
  t.like(json, { ready: true, checks: [{ ok: true }, { name: 'event notifications', ok: false }] })
  t.false(text.includes('secret'))
})

test('without a part elsewhere the process is not ready, and a load balancer keeps it', async (t) => {
  await using world = await startGateway({
    readiness: [
      {
        name: 'leader',
        need: 'elsewhere',
        check: async () => {
          throw new CodedError('NOT_READY', 'no engine is alive')
        },
      },
    ],
  })
  const { status, json } = await world.call({ url: '/health/ready', token: '' })
  t.is(status, 200)
  t.like(json, { ready: false, checks: [{ ok: false, reason: 'NOT_READY: no engine is alive' }] })
})

test('the live trees are shown to operators', async (t) => {
  const health = {
    node: 'node-1',
    roles: ['engine'],
    leading: true,
    epoch: 7,
    silentSince: null,
    deadLetters: 0,
    parked: 0,
    actors: [
      {
        path: '/segment',
        state: 'idle',
        mailboxDepth: 0,
        restarts: 1,
        reason: null,
        lastError: null,
        uptimeMs: 5,
      },
      {
        path: '/leader/7',
        state: 'leading',
        mailboxDepth: 0,
        restarts: 0,
        reason: null,
        lastError: null,
        uptimeMs: 5,
        holds: { observations: 2000, inFlight: 1 },
      },
    ],
  }
  await using world = await startGateway({ supervisors: () => [health] })
  const { json } = await world.call({ url: '/health/supervisors' })
  t.deepEqual(json, { supervisors: [health] })
  t.is((await world.call({ url: '/health/supervisors', token: '' })).status, 401)
})

test('the log has requests and answers, and never a token or a credential', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  await using world = await startGateway({
    log,
    announce: async () => {
      throw new Error('no bus')
    },
  })
  const segment = await aSegment(world)
  await aHost(world, segment, 'compute-1', { control_attributes: '{"password":"calvin"}' })
  const url = `/v1/segments/${segment}/hosts`
  await world.call({ url: `${url}?control_attributes=calvin` })
  await world.call({ method: 'POST', url, body: { host: { control_attributes: 'calvin\u0000' } } })
  await world.call({ method: 'POST', url, body: '{"control_attributes":"calvin' })
  const text = lines.join('')
  t.true(text.includes('/v1/segments/:segment/hosts'))
  t.true(text.includes('admin-user'))
  t.false(text.includes('calvin'))
  t.false(text.includes('admin-token'))
  t.is(at(JSON.parse(lines.at(-1) ?? ''), 'status'), 400)
})
