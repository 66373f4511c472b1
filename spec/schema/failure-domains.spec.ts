/** Names of failure domains: from settings, aggregates and a file; the first source that says something counts. */
import test from 'ava'
import * as fc from 'fast-check'
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import {
  DOMAINS_PER_HOST_MAX,
  domainsInAggregates,
  domainsOf,
  isDomainName,
  readDomainFile,
} from '../../schema/failure-domains.ts'
import { holds } from '../support/holds.ts'

const settings = (value: unknown) =>
  parseControlAttributes(JSON.stringify({ failure_domains: value }))

test('settings name domains in a list, or in one text', (t) => {
  t.deepEqual(settings(['rack:1', 'feed:a', 'rack:1']).failureDomains, ['rack:1', 'feed:a'])
  t.deepEqual(settings('rack:1, feed:a').failureDomains, ['rack:1', 'feed:a'])
  t.deepEqual(settings([]).failureDomains, [], 'the host has none, whatever other sources say')
  t.is(parseControlAttributes('{"ssh":{"host":"a","username":"b"}}').failureDomains, undefined)
})

for (const [value, problem] of [
  [7, 'failure_domains: must be a list of names, or a text with names between commas'],
  [
    ['a\nb'],
    'failure_domains: number 1 is no name of a failure domain: 1 to 64 letters, digits and . _ : / -, with a letter or digit at the beginning',
  ],
  [[{}], /^failure_domains: number 1 is no name/],
  [['x'.repeat(65)], /is no name of a failure domain/],
] as const) {
  test(`settings with the domains ${JSON.stringify(value).slice(0, 20)} say what is wrong`, (t) => {
    const { problems, failureDomains } = settings(value)
    t.is(failureDomains, undefined)
    if (typeof problem === 'string') t.deepEqual(problems, [problem])
    else t.regex(problems.join(), problem)
  })
}

test('a wrong name beside a right one is left out', (t) => {
  const { problems, failureDomains } = settings(['rack:1', 'no name'])
  t.deepEqual(failureDomains, ['rack:1'])
  t.is(problems.length, 1)
})

test('a host has a limited number of domains', (t) => {
  const { problems, failureDomains } = settings(Array.from({ length: 500 }, (_, n) => `d${n}`))
  t.is(failureDomains?.length, DOMAINS_PER_HOST_MAX)
  t.deepEqual(problems, ['failure_domains: a host has at most 8 failure domains'])
})

test('metadata of aggregates name domains by key and value, and what is no name is left out', (t) => {
  const aggregates = [
    { hosts: ['Compute-1', 'compute-2'], metadata: { rack: '12', ssd: 'true' } },
    { hosts: ['compute-1'], metadata: { room: 'b', rack: '12' } },
    { hosts: ['compute-3'], metadata: { rack: '<script>', room: '' } },
    { hosts: ['compute-4'], metadata: {} },
  ]
  t.deepEqual(
    [...domainsInAggregates(aggregates, ['rack', 'room', 'constructor'])],
    [
      ['compute-1', ['rack:12', 'room:b']],
      ['compute-2', ['rack:12']],
    ],
  )
})

test('a file names the domains of a host in each line', (t) => {
  const text =
    '\uFEFF# racks\r\n\r\nCompute-1 = rack:1, feed:a\r\n  compute-2=rack:1\ncompute-3 =\n'
  const { domains, problems } = readDomainFile(text)
  t.deepEqual(problems, [])
  t.deepEqual(
    [...domains],
    [
      ['compute-1', ['rack:1', 'feed:a']],
      ['compute-2', ['rack:1']],
      ['compute-3', []],
    ],
  )
})

for (const [text, problem] of [
  ['compute-1 rack:1', 'line 1: must be a host, =, and names of failure domains between commas'],
  ['#\n= rack:1', /^line 2, host: "" is no name of a host: 1 to 255 characters/],
  ['a b = rack:1', /^line 1, host: "a b" is no name of a host/],
  ['a = r:1\nA = r:2', /^line 2, host: A has an earlier line/],
  [
    'a = r:1, ?',
    /^line 1, failure domains: number 2 is no name of a failure domain: 1 to 64 letters/,
  ],
  ['\n'.repeat(20_001), 'has more than 20000 lines'],
] as const) {
  test(`the file ${JSON.stringify(text).slice(0, 24)} is refused by line and field`, (t) => {
    const { problems } = readDomainFile(text)
    if (typeof problem === 'string') t.deepEqual(problems, [problem])
    else t.regex(problems.join(), problem)
  })
}

test('whatever a file contains, it is read or refused with some sentences, and its names are names', (t) => {
  holds(
    t,
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
      const { domains, problems } = readDomainFile(text)
      return (
        problems.length <= 20 &&
        problems.every((each) => !/\n/.test(each)) &&
        [...domains.values()].every((names) => names.every(isDomainName))
      )
    }),
  )
})

test('the settings count more than the file, and the file more than the aggregates', (t) => {
  const aggregates = ['rack:3']
  t.deepEqual(domainsOf({ settings: ['rack:1'], file: ['rack:2'], aggregates }), {
    source: 'settings',
    names: ['rack:1'],
  })
  t.deepEqual(domainsOf({ settings: [], file: ['rack:2'], aggregates }), {
    source: 'settings',
    names: [],
  })
  t.deepEqual(domainsOf({ settings: undefined, file: ['rack:2'], aggregates }), {
    source: 'file',
    names: ['rack:2'],
  })
  t.deepEqual(domainsOf({ settings: undefined, file: undefined, aggregates }), {
    source: 'aggregate',
    names: ['rack:3'],
  })
  t.deepEqual(domainsOf({ settings: undefined, file: undefined, aggregates: undefined }), {
    source: 'none',
    names: [],
  })
})
