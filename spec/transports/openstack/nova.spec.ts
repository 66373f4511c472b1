/** The Compute port over real HTTP: what is repeated, what is not, and the code of each failure. */
import test from 'ava'
import { isCoded, type CodedError, type ErrorCode } from '../../../schema/errors.ts'
import { hostName, instanceId } from '../../../schema/ids.ts'
import { freePort } from '../../support/process.ts'
import { until } from '../../support/until.ts'
import { fault, openTo, serverOf, SmallCloud, type Behaviour, type Reply } from './small-cloud.ts'

const instance = instanceId('5c3f1f9e-4f43-4a52-9a0c-3c8f58c3b8b1')
const target = hostName('compute-2')
const source = hostName('compute-1')

async function failureOf(call: Promise<unknown>): Promise<CodedError> {
  try {
    await call
  } catch (error) {
    if (isCoded(error)) return error
    throw error
  }
  throw new Error('the call succeeded')
}

const outcomes: readonly (readonly [string, ReturnType<Behaviour>, ErrorCode])[] = [
  ['silence', 'silence', 'COMPUTE_OUTCOME_UNKNOWN'],
  ['a cut connection', 'cut', 'COMPUTE_OUTCOME_UNKNOWN'],
  ['500', fault(500, 'computeFault', 'unexpected'), 'COMPUTE_OUTCOME_UNKNOWN'],
  ['502', { status: 502, body: '<html>bad gateway</html>' }, 'COMPUTE_OUTCOME_UNKNOWN'],
  ['504', { status: 504 }, 'COMPUTE_OUTCOME_UNKNOWN'],
  ['503', { status: 503, headers: { 'Retry-After': '7' } }, 'COMPUTE_BUSY'],
  ['429', fault(429, 'overLimit', 'too fast'), 'COMPUTE_BUSY'],
  ['400', fault(400, 'badRequest', 'compute-1 is still in use.'), 'COMPUTE_REFUSED'],
  ['403', fault(403, 'forbidden', 'policy'), 'COMPUTE_REFUSED'],
  ['409', fault(409, 'conflictingRequest', "Cannot 'evacuate'"), 'COMPUTE_REFUSED'],
  ['406', fault(406, 'computeFault', 'version'), 'COMPUTE_REFUSED'],
  ['an unknown instance', fault(404, 'itemNotFound', 'Instance x'), 'COMPUTE_NOT_FOUND'],
  ['an unknown target', fault(404, 'itemNotFound', 'Compute host y not found.'), 'COMPUTE_REFUSED'],
  ["a proxy's 404", { status: 404, body: '<html>' }, 'COMPUTE_UNAVAILABLE'],
  ['a redirect', { status: 302, headers: { Location: '/elsewhere' } }, 'COMPUTE_UNAVAILABLE'],
]
for (const [what, reply, code] of outcomes) {
  test(`an evacuation answered with ${what} is ${code} and never repeated`, async (t) => {
    await using cloud = await SmallCloud.start()
    cloud.api = () => reply
    await using openstack = await openTo(cloud, { requestTimeoutMs: 1000 })
    const error = await failureOf(openstack.compute.evacuate(instance, target))
    t.is(error.code, code)
    t.is(cloud.calls.length, 1)
    t.false(`${error.stack}`.includes('hush'))
    t.is(error.retryAfterSeconds, what === '503' ? 7 : undefined)
  })
}

test('the error of a refusal has the message and the request id of Nova', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => fault(400, 'badRequest', 'compute-1 is still in use.')
  await using openstack = await openTo(cloud)
  const { message } = await failureOf(openstack.compute.evacuate(instance, target))
  t.is(message, `POST /servers/${instance}/action: 400 compute-1 is still in use. (req-of-nova)`)
})

test('a refused connection is unavailable, because nothing was sent', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.computeUrl = `http://127.0.0.1:${await freePort()}/v2.1`
  await using openstack = await openTo(cloud)
  const error = await failureOf(openstack.compute.evacuate(instance, target))
  t.is(error.code, 'COMPUTE_UNAVAILABLE')
})

test('when a token is refused, the order is sent once more with a new one', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 200 })
  await using openstack = await openTo(cloud)
  await openstack.compute.evacuate(instance, target)
  cloud.forgetTokens()
  await openstack.compute.evacuate(instance, target)
  t.is(cloud.calls.length, 3)
})

test('orders have the form that Nova expects', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 202 })
  await using openstack = await openTo(cloud)
  const { compute } = openstack
  await compute.evacuate(instance, undefined)
  await compute.evacuate(instance, target)
  await compute.hardReboot(instance)
  await compute.start(instance)
  await compute.isolate('service-1', 'x'.repeat(300))
  t.deepEqual(
    cloud.calls.map(({ method, body }) => [method, body]),
    [
      ['POST', { evacuate: {} }],
      ['POST', { evacuate: { host: 'compute-2' } }],
      ['POST', { reboot: { type: 'HARD' } }],
      ['POST', { 'os-start': null }],
      ['PUT', { status: 'disabled', disabled_reason: 'x'.repeat(255), forced_down: true }],
    ],
  )
  t.like(cloud.calls[0], {
    path: `/v2.1/servers/${instance}/action`,
    headers: { 'openstack-api-version': 'compute 2.53' },
  })
  t.regex(String(cloud.calls[0]?.headers['x-openstack-request-id']), /^req-[0-9a-f-]{36}$/)
})

const passing: readonly ReturnType<Behaviour>[] = ['cut', { status: 503 }, { status: 500 }]
for (const reply of passing) {
  test(`reading and isolating succeed after ${JSON.stringify(reply)}`, async (t) => {
    await using cloud = await SmallCloud.start()
    let failures = 2
    cloud.api = () => {
      failures -= 1
      return failures >= 0 ? reply : { status: 200, body: { services: [] } }
    }
    await using openstack = await openTo(cloud)
    t.deepEqual(await openstack.compute.listServices(), [])
    failures = 2
    await openstack.compute.isolate('service-1', 'dead')
    t.is(cloud.calls.length, 6)
  })
}

test('repetition is bounded', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => fault(500, 'computeFault', 'broken')
  await using openstack = await openTo(cloud)
  const error = await failureOf(openstack.compute.listServices())
  t.is(error.code, 'COMPUTE_UNAVAILABLE')
  t.is(cloud.calls.length, 4)
})

test('Retry-After is obeyed when there is time for it', async (t) => {
  await using cloud = await SmallCloud.start()
  const times: number[] = []
  const replies: Reply[] = [
    { status: 429, headers: { 'Retry-After': '1' } },
    { status: 200, body: { services: [] } },
  ]
  cloud.api = () => {
    times.push(performance.now())
    return replies.shift() ?? { status: 500 }
  }
  await using openstack = await openTo(cloud)
  await openstack.compute.listServices()
  const [first = 0, second = 0] = times
  t.true(second - first >= 990)
})

test('Retry-After beyond the deadline is returned to the caller at once', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 429, headers: { 'Retry-After': '60' } })
  await using openstack = await openTo(cloud)
  const error = await failureOf(openstack.compute.listServices())
  t.is(error.code, 'COMPUTE_BUSY')
  t.is(error.retryAfterSeconds, 60)
  t.is(cloud.calls.length, 1)
})

test('an API that never answers is given up at the deadline', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => 'silence'
  await using openstack = await openTo(cloud, { requestTimeoutMs: 500 })
  const startMs = performance.now()
  const error = await failureOf(openstack.compute.listServices())
  t.is(error.code, 'COMPUTE_UNAVAILABLE')
  t.true(performance.now() - startMs < 5000)
})

test('a caller can abort its own call, and only that', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => 'silence'
  await using openstack = await openTo(cloud)
  const caller = new AbortController()
  const call = openstack.compute.listServices(caller.signal)
  await until('asked', () => cloud.calls.length === 1)
  caller.abort(new Error('not needed any more'))
  await t.throwsAsync(call, { message: 'not needed any more' })
  cloud.api = () => ({ status: 200, body: { services: [] } })
  t.deepEqual(await openstack.compute.listServices(), [])
})

test('closing aborts calls under way', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => 'silence'
  const openstack = await openTo(cloud)
  const reading = failureOf(openstack.compute.listServices())
  const moving = failureOf(openstack.compute.evacuate(instance, target))
  await until('both asked', () => cloud.calls.length === 2)
  await openstack[Symbol.asyncDispose]()
  t.is((await reading).code, 'COMPUTE_UNAVAILABLE')
  t.is((await moving).code, 'COMPUTE_OUTCOME_UNKNOWN')
})

const malformed: readonly (readonly [string, unknown])[] = [
  ['no JSON', '<html>'],
  ['another shape', { services: {} }],
]
for (const [what, body] of malformed) {
  test(`an answer that is ${what} is unavailable, with a sentence`, async (t) => {
    await using cloud = await SmallCloud.start()
    cloud.api = () => ({ status: 200, body })
    await using openstack = await openTo(cloud)
    const error = await failureOf(openstack.compute.listServices())
    t.is(error.code, 'COMPUTE_UNAVAILABLE')
    t.regex(error.message, /answer/)
  })
}

test("without the administrators' field for the host, an answer is refused", async (t) => {
  await using cloud = await SmallCloud.start()
  const { 'OS-EXT-SRV-ATTR:host': _host, ...server } = Object(serverOf('a', 'compute-1'))
  cloud.api = () => ({ status: 200, body: { servers: [server] } })
  await using openstack = await openTo(cloud)
  const error = await failureOf(openstack.compute.listInstances(source))
  t.is(error.code, 'COMPUTE_UNAVAILABLE')
})

const TRACEBACK = `Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/nova/conductor/manager.py", line 1278, in rebuild_instance
    raise exception.NoValidHost(reason='')
nova.exception.NoValidHost: No valid host was found. There are not enough hosts available.
`
const evacuateAction = { action: 'evacuate', request_id: 'req-1' }
const failedEvents = [
  { event: 'conductor_rebuild', result: 'Success', traceback: null },
  { event: 'compute_rebuild', result: 'Error', traceback: TRACEBACK },
]
const explanations = [
  {
    title: 'the events of its latest evacuation',
    actions: [evacuateAction, { action: 'create', request_id: 'req-0' }],
    events: failedEvents,
    reason: 'No valid host was found. There are not enough hosts available. (req-1)',
  },
  {
    title: 'its fault when the events have no reason',
    actions: [evacuateAction],
    events: [{ result: 'Error', traceback: null }],
    reason: 'the disk is gone',
  },
  {
    title: 'its fault when it has no evacuation',
    actions: [],
    events: [],
    reason: 'the disk is gone',
  },
]
for (const { title, actions, events, reason } of explanations) {
  test(`the reason of a failure is taken from ${title}`, async (t) => {
    await using cloud = await SmallCloud.start()
    cloud.api = ({ path }): Reply => {
      if (path.endsWith('/os-instance-actions')) {
        return { status: 200, body: { instanceActions: actions } }
      }
      if (path.endsWith('/req-1')) return { status: 200, body: { instanceAction: { events } } }
      const fault = { message: 'the disk is gone' }
      return { status: 200, body: { server: serverOf(instance, 'compute-1', { fault }) } }
    }
    await using openstack = await openTo(cloud)
    t.is(await openstack.compute.explainFailure(instance), reason)
  })
}

test('a failure of a deleted server has no reason', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => fault(404, 'itemNotFound', 'Instance x could not be found.')
  await using openstack = await openTo(cloud)
  t.is(await openstack.compute.explainFailure(instance), undefined)
})
