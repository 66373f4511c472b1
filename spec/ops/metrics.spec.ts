/** The metrics are those of the page, of the dashboard and of the alerts; each alert has its runbook; promtool checks them. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { parse } from 'yaml'
import { METRICS, type MetricDeclaration } from '../../ops/metrics/catalogue.ts'
import { VERB_GROUPS } from '../../ops/command-line/verbs.ts'
import { Metrics } from '../../ops/metrics/metrics.ts'

const run = promisify(execFile)
const DECLARED = Object.entries<MetricDeclaration>(METRICS)

test('the page of metrics is the table of the code, in order', (t) => {
  const rows = readFileSync('ops/docs/metrics.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const table = DECLARED.map(([name, { type, labels, unit, help }]) => {
    const shown = labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${type} | ${shown} | ${unit} | ${help} |`
  })
  t.deepEqual(rows, table)
})

test('no label names a thing of which there may be any number', (t) => {
  const allowed = new Set(
    'role presence broker kind reason change operation result state channel type status rung service'.split(
      ' ',
    ),
  )
  const labels = DECLARED.flatMap(([, metric]) => metric.labels)
  t.deepEqual(
    labels.filter((label) => !allowed.has(label)),
    [],
  )
})

test('counters, units and durations are named as Prometheus asks for', (t) => {
  for (const [name, { type, unit, buckets }] of DECLARED) {
    t.is(name.endsWith('_total'), type === 'counter', name)
    t.is(name.endsWith('_seconds'), unit === 'seconds', name)
    t.is(buckets !== undefined, type === 'histogram', name)
  }
})

/** Names that Prometheus knows of a process: those of a histogram have three. */
async function exposedNames(): Promise<ReadonlySet<string>> {
  const { text } = await new Metrics().expose()
  const declared = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  return new Set(
    declared.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
}

const namesIn = (expression: string): readonly string[] =>
  expression.match(/\b(?:instance_ha|process|nodejs)_\w+/g) ?? []

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly runbook: string }
}

const rules = (): readonly Rule[] =>
  (
    parse(readFileSync('ops/prometheus/alerts.yaml', 'utf8')) as {
      readonly groups: readonly { readonly rules: readonly Rule[] }[]
    }
  ).groups.flatMap((group) => group.rules)

test('every expression of the dashboard and of the alerts names metrics that exist', async (t) => {
  const known = await exposedNames()
  const dashboard = JSON.parse(readFileSync('ops/grafana/instance-ha.json', 'utf8')) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[]
  }
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  t.true(shown.length > 30, `${shown.length} expressions`)
  const used = [...shown, ...rules().map(({ expr }) => expr)].flatMap(namesIn)
  t.deepEqual(
    used.filter((name) => !known.has(name)),
    [],
  )
})

test('the dashboard or an alert uses every metric', (t) => {
  const texts = [
    readFileSync('ops/grafana/instance-ha.json', 'utf8'),
    readFileSync('ops/prometheus/alerts.yaml', 'utf8'),
  ].join('\n')
  // What a program of fence agents takes is part of its rung, and roles are for a table of processes.
  const besides = [
    'instance_ha_role',
    'instance_ha_fence_program_seconds',
    'instance_ha_host_verdicts_total',
    'instance_ha_fault_deliveries_total',
  ]
  const unused = DECLARED.map(([name]) => name).filter((name) => !texts.includes(name))
  t.deepEqual(
    unused.filter((name) => !besides.includes(name)),
    [],
  )
})

const RUNBOOKS = 'ops/docs/runbooks'

test('every alert has its runbook, and every runbook its alert', (t) => {
  const pages = readdirSync(RUNBOOKS).map((page) => basename(page, '.md'))
  const alerts = rules().map(({ alert }) => alert)
  t.deepEqual(pages.toSorted(), [...alerts, 'README'].toSorted())
  for (const { alert, annotations } of rules()) {
    t.is(annotations.runbook, `${RUNBOOKS}/${alert}.md`)
  }
})

test('a runbook says what it means, what to look at and what to do, with commands that exist', (t) => {
  const commands = VERB_GROUPS.flatMap(({ verbs }) => Object.keys(verbs))
  for (const { alert } of rules()) {
    const page = readFileSync(`${RUNBOOKS}/${alert}.md`, 'utf8')
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    t.deepEqual(headings, ['What it means', 'What to look at', 'What to do'], alert)
    for (const [, command = ''] of page.matchAll(/`instance-ha\s+([\w-]+)/g)) {
      t.true(commands.includes(command), `${alert}: ${command}`)
    }
    for (const [, linked = ''] of page.matchAll(/\]\((\w+\.md)\)/g)) {
      t.true(readdirSync(RUNBOOKS).includes(linked), `${alert}: ${linked}`)
    }
  }
})

test('promtool accepts the alerts, and its unit tests of them pass', async (t) => {
  await run('promtool', ['check', 'rules', 'ops/prometheus/alerts.yaml'])
  const { stdout } = await run('promtool', ['test', 'rules', 'spec/ops/alerts.test.yaml'])
  t.regex(stdout, /SUCCESS/)
  const tested = readFileSync('spec/ops/alerts.test.yaml', 'utf8')
  for (const { alert } of rules()) t.true(tested.includes(`name: ${alert} is raised`), alert)
})

test('promtool accepts what a process exposes', async (t) => {
  const metrics = new Metrics()
  metrics.observe('instance_ha_fence_seconds', 1500, { result: 'fenced' })
  const { text } = await metrics.expose()
  const checking = run('promtool', ['check', 'metrics'])
  checking.child.stdin?.end(text)
  // The metrics of Node have names of their own taste; promtool tells that on its output.
  const { stderr } = await checking.catch((error: { readonly stderr: string }) => error)
  t.deepEqual(
    stderr.split('\n').filter((line) => line.includes('instance_ha')),
    [],
  )
  t.regex(text, /^instance_ha_fence_seconds_sum\{result="fenced"\} 1\.5$/m)
})

test('a series of a gauge that is not told any more ends, and a total never falls', async (t) => {
  const metrics = new Metrics()
  metrics.set('instance_ha_recoveries', [2, { state: 'held' }])
  metrics.set('instance_ha_recoveries', [1, { state: 'fencing' }])
  metrics.total('instance_ha_actor_crashes_total', 3)
  metrics.total('instance_ha_actor_crashes_total', 2)
  const { text } = await metrics.expose()
  t.false(text.includes('state="held"'))
  t.regex(text, /^instance_ha_recoveries\{state="fencing"\} 1$/m)
  t.regex(text, /^instance_ha_actor_crashes_total 3$/m)
})
