/** The command line of the chaos. */
import test from 'ava'
import { readPlan } from './plan.ts'

test('a plan has its duration, and defaults for the rest', (t) => {
  t.deepEqual(readPlan(['--minutes', '30']), {
    seed: 1,
    durationMs: 1_800_000,
    hosts: 50,
    instances: 1000,
    breakage: undefined,
  })
  const small = readPlan([
    '--seconds',
    '60',
    '--seed',
    '7',
    '--hosts',
    '6',
    '--break',
    'lost-fault',
  ])
  t.is(small.durationMs, 60_000)
  t.is(small.seed, 7)
  t.is(small.instances, 120)
  t.is(small.breakage, 'lost-fault')
})

const REFUSED: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /either --minutes or --seconds is needed/],
  [['--minutes', '1', '--seconds', '1'], /either --minutes or --seconds is needed/],
  [['--minutes', '0'], /--minutes 0: a whole number from 1 to 1440 is needed/],
  [['--minutes', '1.5'], /--minutes 1\.5: a whole number/],
  [['--seconds', '60', '--hosts', '2'], /--hosts 2: a whole number from 3 to 200/],
  [['--seconds', '60', '--break', 'everything'], /--break everything: there is no such breakage/],
]

for (const [args, says] of REFUSED) {
  test(`refused: ${args.join(' ') || 'no duration'}`, (t) => {
    const error = t.throws(() => readPlan(args), { instanceOf: RangeError })
    t.regex(error.message, says)
    t.regex(error.message, /usage: npm run chaos/)
  })
}
