/** What a run of the chaos is asked for on its command line. */
import { parseArgs } from 'node:util'

/** Promises that can be broken on purpose, so that one sees them found. */
export const BREAKAGES = [
  'second-evacuation',
  'healthy-power-off',
  'stale-epoch',
  'lost-fault',
] as const
export type Breakage = (typeof BREAKAGES)[number]

export interface ChaosPlan {
  readonly seed: number
  /** How long faults arrive; starting and settling come on top. */
  readonly durationMs: number
  readonly hosts: number
  readonly instances: number
  readonly breakage: Breakage | undefined
}

const USAGE =
  'usage: npm run chaos -- --minutes N | --seconds N  [--seed S] [--hosts N] [--instances N] ' +
  `[--break ${BREAKAGES.join(' | ')}]`

const INSTANCES_PER_HOST = 20

/** Throws RangeError, with the usage, for an argument that is not understood. */
export function readPlan(args: readonly string[]): ChaosPlan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string', default: '1' },
      hosts: { type: 'string', default: '50' },
      instances: { type: 'string' },
      break: { type: 'string' },
    },
  })
  const hosts = whole('hosts', values.hosts, [3, 200])
  return {
    seed: whole('seed', values.seed, [0, 2 ** 31]),
    durationMs: durationOf(values),
    hosts,
    instances: whole(
      'instances',
      values.instances ?? String(INSTANCES_PER_HOST * hosts),
      [1, 10_000],
    ),
    breakage: breakageOf(values.break),
  }
}

function durationOf({ minutes, seconds }: { minutes?: string; seconds?: string }): number {
  if ((minutes === undefined) === (seconds === undefined)) {
    throw new RangeError(`either --minutes or --seconds is needed\n${USAGE}`)
  }
  return minutes === undefined
    ? 1000 * whole('seconds', seconds ?? '', [5, 86_400])
    : 60_000 * whole('minutes', minutes, [1, 1440])
}

function breakageOf(text: string | undefined): Breakage | undefined {
  const found = BREAKAGES.find((name) => name === text)
  if (text !== undefined && found === undefined) {
    throw new RangeError(`--break ${text}: there is no such breakage\n${USAGE}`)
  }
  return found
}

function whole(name: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new RangeError(
      `--${name} ${text}: a whole number from ${min} to ${max} is needed\n${USAGE}`,
    )
  }
  return value
}
