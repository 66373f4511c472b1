/** A recovery as a table for a terminal: time, seconds since the first step, seconds since the step before, and what happened. */
import { isoTime } from '../../schema/time.ts'
import { harmless } from '../tap/harmless.ts'
import type { Paint } from '../tap/tap-line.ts'
import { seconds, type Recorded, type StoryStep, type Tone } from './story-steps.ts'

const STYLES: Readonly<Record<Tone, Parameters<Paint>[0]>> = {
  plain: 'reset',
  good: 'green',
  bad: 'red',
  waiting: 'yellow',
}

const NAME_WIDTH = 10
const NUMBER_WIDTH = 9

/** Which recovery it is, and how it stands. */
function headOf({ notification, hostName }: Recorded, paint: Paint): string {
  const { uuid, type, status, message, generatedAt } = notification
  const result = message === null ? status : `${status}: ${message}`
  const title = `${type} of ${hostName}: ${result}`
  return [
    paint('bold', harmless(title)),
    `notification ${uuid}, trace ${uuid.replaceAll('-', '')}, ${isoTime(generatedAt).slice(0, 10)} (UTC)`,
    '',
    paint('dim', `time         ${'since first'.padStart(NUMBER_WIDTH)} since last  step`),
  ].join('\n')
}

/** One step as one line. */
function stepLine(
  { atMs, name, text, tone }: StoryStep,
  { firstMs, lastMs }: { readonly firstMs: number; readonly lastMs: number },
  paint: Paint,
): string {
  const passed = [firstMs, lastMs].map((ms) => `+${seconds(atMs - ms)}`.padStart(NUMBER_WIDTH + 1))
  const what = paint(STYLES[tone], harmless(`${name.padEnd(NAME_WIDTH)} ${text}`))
  return `${paint('dim', isoTime(atMs).slice(11, 23))} ${passed.join(' ')}  ${what}`
}

/** Tells the steps that it has not told yet, with the title before the first one. */
export function storyTeller(
  paint: Paint,
): (recorded: Recorded, steps: readonly StoryStep[]) => readonly string[] {
  const told = new Set<string>()
  let lastMs: number | undefined
  return (recorded, steps) => {
    const lines = told.size === 0 ? [headOf(recorded, paint)] : []
    const firstMs = steps[0]?.atMs ?? 0
    for (const step of steps) {
      const key = `${step.atMs} ${step.text}`
      if (told.has(key)) continue
      told.add(key)
      lines.push(stepLine(step, { firstMs, lastMs: lastMs ?? step.atMs }, paint))
      lastMs = step.atMs
    }
    return lines
  }
}

/** The times between the milestones that this recovery has reached, after an empty line; nothing when there are none. */
export function summaryOf(steps: readonly StoryStep[]): readonly string[] {
  const reached = MILESTONES.flatMap(({ label, find, isLast }) => {
    const found = isLast ? steps.findLast(find) : steps.find(find)
    return found === undefined ? [] : [{ label, atMs: found.atMs }]
  })
  const parts = reached
    .slice(1)
    .map(({ label, atMs }, index) => `${label} ${seconds(atMs - (reached[index]?.atMs ?? atMs))}`)
  return parts.length === 0 ? [] : ['', `${reached[0]?.label} → ${parts.join(' → ')}`]
}

const named = (name: string) => (step: StoryStep) => step.name === name

const MILESTONES = [
  { label: 'suspected', find: named('suspected'), isLast: false },
  { label: 'reported', find: named('reported'), isLast: false },
  { label: 'decided', find: named('decided'), isLast: false },
  { label: 'certified', find: named('certified'), isLast: false },
  { label: 'first request', find: named('requested'), isLast: false },
  { label: 'last instance moved', find: named('moved'), isLast: true },
  { label: 'last guest', find: named('guest'), isLast: true },
] as const
