/** The spans of a recovery, as a collector receives them; and a collector that is away costs a recovery nothing. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { Metrics } from '../../ops/metrics/metrics.ts'
import { openTracing } from '../../ops/tracing/tracing.ts'
import type { Detection } from '../../ops/tracing/recovery-spans.ts'
import type { WireBody } from '../../schema/messages/catalogue.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { recordingLog } from '../support/logs.ts'
import { freePort } from '../support/process.ts'
import { until } from '../support/until.ts'

const SEGMENT = '11111111-1111-4111-8111-111111111111'
const NOTIFICATION = 'ABCDEF22-2222-4222-8222-222222222222'
const TRACE = 'abcdef22222242228222222222222222'
const INSTANCE = '33333333-3333-4333-8333-333333333333'
const HOLDER = 'lease-holder/engine'
const RECOVERY = `${HOLDER}/leader/7/segment/${SEGMENT}/recovery/${NOTIFICATION}`
const FENCE = `${RECOVERY}/fence/${NOTIFICATION}`

interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number }
  readonly events?: readonly { readonly name: string }[]
  readonly attributes: readonly {
    readonly key: string
    readonly value: { readonly stringValue?: string; readonly boolValue?: boolean }
  }[]
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

/** A collector that keeps what it is sent. */
async function openCollector() {
  const spans: SentSpan[] = []
  const paths = new Set<string>()
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    paths.add(request.url ?? '')
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as Sent
      spans.push(
        ...sent.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)),
      )
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen({ host: '127.0.0.1', port: 0 }, resolve)
  await promise
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    paths,
    [Symbol.dispose]: () => server.close().closeAllConnections(),
  }
}

function open(endpoint: string, detection?: Detection) {
  const log = recordingLog()
  const metrics = new Metrics()
  const config = {
    tracing: { endpoint, caFile: undefined },
    node: { name: 'engine-1', roles: ['engine'], logLevel: 'info' },
  } as const
  const world = { clock: new SystemClock(), log, metrics, detectionOf: () => detection }
  const tracing = openTracing(config, world)
  if (tracing === undefined) throw new Error('no tracing')
  const { witness } = tracing
  return {
    log,
    metrics,
    witness,
    step: (step: WireBody<'recovery.stepped'>['step'], reason = 'so it is'): void =>
      witness.announced('recovery.stepped', {
        notification: NOTIFICATION,
        host: 'compute-1',
        step,
        reason,
        evidence: [],
      }),
    move: (status: string, instance = INSTANCE): void =>
      witness.announced('move.stepped', {
        notification: NOTIFICATION,
        instance,
        instanceName: 'vm-1',
        status,
        dest: 'compute-2',
        reason: '',
        done: 0,
        total: 1,
      }),
    [Symbol.asyncDispose]: async () => await tracing[Symbol.asyncDispose](),
  }
}

type Opened = ReturnType<typeof open>

function recover({ witness, step, move }: Opened): void {
  witness.turned(RECOVERY, 'queued', 'deciding')
  step('held', 'the storm guard holds it')
  step('running')
  witness.turned(FENCE, 'idle', 'climbing')
  step('fence', 'redfish could not confirm it (silent); next is ipmi')
  step('fenced', 'power-off-confirmed')
  witness.turned(FENCE, 'certifying', 'fenced')
  step('isolated')
  step('planned')
  move('ongoing')
  move('succeeded')
  step('finished')
}

const named = (spans: readonly SentSpan[], name: string): SentSpan => {
  const [found, ...more] = spans.filter((span) => span.name === name)
  if (found === undefined || more.length > 0) throw new Error(`${more.length} more spans ${name}`)
  return found
}

test('a recovery is one trace, from the first doubt to the last instance', async (t) => {
  using collector = await openCollector()
  const nowMs = Date.now()
  const detection = { doubtedAt: nowMs - 4000, storedAt: nowMs - 1000 }
  await using opened = open(collector.endpoint, detection)
  recover(opened)
  await until('all spans are there', () => collector.spans.length === 8)
  t.deepEqual([...collector.paths], ['/v1/traces'])
  const { spans } = collector
  t.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([TRACE]))
  const root = named(spans, 'recovery')
  t.is(root.parentSpanId ?? '', '')
  t.is(root.startTimeUnixNano, `${nowMs - 4000}000000`)
  t.deepEqual(
    root.events?.map(({ name }) => name),
    ['held', 'running', 'planned'],
  )
  for (const name of ['detection', 'decision', 'fence', 'isolation', 'move']) {
    t.is(named(spans, name).parentSpanId, root.spanId, name)
  }
  t.is(named(spans, 'detection').endTimeUnixNano, `${nowMs - 1000}000000`)
  const rungs = spans.filter(({ name }) => name === 'fence rung')
  t.deepEqual(
    rungs.map(({ parentSpanId }) => parentSpanId),
    [named(spans, 'fence').spanId, named(spans, 'fence').spanId],
  )
  const told = named(spans, 'move').attributes.map(({ key, value }) => [key, value.stringValue])
  t.deepEqual(Object.fromEntries(told), {
    'instance_ha.instance': INSTANCE,
    'instance_ha.instance_name': 'vm-1',
    'instance_ha.status': 'succeeded',
    'instance_ha.dest': 'compute-2',
  })
})

test('the next leader goes on in the same trace', async (t) => {
  using collector = await openCollector()
  await using first = open(collector.endpoint)
  first.witness.turned(RECOVERY, 'queued', 'deciding')
  first.step('running')
  first.move('ongoing')
  first.witness.turned(HOLDER, 'leader', 'candidate')
  await using second = open(collector.endpoint)
  second.step('running')
  second.step('failed')
  await until(
    'both are there',
    () => collector.spans.filter(({ name }) => name === 'recovery').length === 2,
  )
  const roots = collector.spans.filter(({ name }) => name === 'recovery')
  t.deepEqual(
    roots.map(({ traceId }) => traceId),
    [TRACE, TRACE],
  )
  const results = roots.map(
    ({ attributes }) =>
      attributes.find(({ key }) => key === 'instance_ha.result')?.value.stringValue,
  )
  t.deepEqual(new Set(results), new Set(['handed over', 'failed']))
  t.true(
    collector.spans.some(({ name }) => name === 'move'),
    'an open span is ended',
  )
})

test('what is announced after the end makes no new trace', async (t) => {
  using collector = await openCollector()
  await using opened = open(collector.endpoint)
  opened.step('running')
  opened.step('finished')
  opened.step('return')
  opened.move('succeeded')
  await until('the first is there', () => collector.spans.some(({ name }) => name === 'recovery'))
  t.is(collector.spans.filter(({ name }) => name === 'recovery').length, 1)
})

async function lost(metrics: Metrics): Promise<number> {
  const { text } = await metrics.expose()
  return Number(/instance_ha_spans_total\{result="lost"\} (\d+)/.exec(text)?.[1] ?? 0)
}

test('a collector that is away is counted, and is one line of the log', async (t) => {
  const opened = open(`http://127.0.0.1:${await freePort()}`)
  for (let times = 0; times < 3; times += 1) recover(opened)
  await until('they are lost', async () => (await lost(opened.metrics)) >= 21, 60_000)
  recover(opened)
  await opened[Symbol.asyncDispose]()
  t.is(opened.log.lines.length, 1)
  t.regex(opened.log.lines[0] ?? '', /^warn the collector of traces does not take spans/)
})

test('spans that find no room are lost and counted, and nothing waits for a silent collector', async (t) => {
  const server = createServer(() => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen({ host: '127.0.0.1', port: 0 }, resolve)
  await promise
  const { port } = server.address() as AddressInfo
  const opened = open(`http://127.0.0.1:${port}`)
  opened.step('running')
  for (let moves = 0; moves < 5000; moves += 1) {
    opened.move('ongoing', `vm-${moves}`)
    opened.move('succeeded', `vm-${moves}`)
  }
  t.true((await lost(opened.metrics)) >= 5000 - 4096)
  await opened[Symbol.asyncDispose]()
  server.close()
  server.closeAllConnections()
})

test('without a collector, or without the role engine, there is no tracing', (t) => {
  const world = {
    clock: new SystemClock(),
    log: recordingLog(),
    metrics: new Metrics(),
    detectionOf: () => undefined,
  }
  const node = { name: 'n', roles: ['engine'], logLevel: 'info' } as const
  t.is(openTracing({ tracing: { endpoint: undefined, caFile: undefined }, node }, world), undefined)
  const endpoint = 'http://127.0.0.1:4318'
  const monitor = { ...node, roles: ['host-monitor'] } as const
  t.is(openTracing({ tracing: { endpoint, caFile: undefined }, node: monitor }, world), undefined)
})
