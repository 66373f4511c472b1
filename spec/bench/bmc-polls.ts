/** Thousands of readings over IPMI: what one costs, what a session takes, and that nothing is left behind. */
import { pollBmcs, type PollResult } from '../support/bmc-polls.ts'
import type { Figure } from './figure.ts'

const PEACE = { bmcs: 4, sessionsMax: 4, polls: 10_000 }
const CROWD = { bmcs: 6, sessionsMax: 3, polls: 600 }

/** With a session for each BMC, and with sessions for half of them. */
export async function measureBmcPolls(): Promise<readonly Figure[]> {
  const peace = await pollBmcs(PEACE)
  const crowd = await pollBmcs(CROWD)
  const perSecond = PEACE.polls / (peace.tookMs / 1000)
  return [
    {
      what: 'BMC polls in kept sessions',
      value: perSecond,
      unit: '/s',
      remark: 'most of the time is the shell script behind the simulator',
    },
    {
      what: 'memory of one IPMI session',
      value: peace.memoryKb,
      unit: 'kB',
      target: { kind: 'at-most', value: 4000 },
    },
    ...leftovers(`after ${PEACE.polls} polls that kept their sessions`, peace),
    {
      what: 'BMC polls with half as many sessions as BMCs: time of one',
      value: crowd.tookMs / CROWD.polls,
      unit: 'ms',
    },
    ...leftovers(`after ${CROWD.polls} polls that replaced sessions`, crowd),
  ]
}

const NONE = { kind: 'at-most', value: 0 } as const

function leftovers(when: string, { before, after, most, failed }: PollResult): readonly Figure[] {
  const left = (what: keyof typeof after): Figure => ({
    what: `${what} left ${when}`,
    value: Math.max(0, after[what] - before[what]),
    unit: '',
    target: NONE,
    remark: `${before[what]} before, ${most[what]} at most, ${after[what]} after`,
  })
  const failures = { what: `failed polls ${when}`, value: failed, unit: '', target: NONE }
  return [left('descriptors'), left('terminals'), left('children'), left('zombies'), failures]
}
