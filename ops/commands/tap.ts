/** `tap`: prints what is said on the bus, decoded, as it comes. */
import { describeError, isCoded } from '../../schema/errors.ts'
import { describeProblems, loadConfig } from '../load-config.ts'
import { isWanted } from '../tap/message-filter.ts'
import { tapOf } from '../tap/open-tap.ts'
import { aborted, untilEnded } from '../tap/output.ts'
import {
  readTapArguments,
  subjectIn,
  type TapArguments,
  type TapRequest,
} from '../tap/tap-arguments.ts'
import { hear, jsonOf, lineOf, paintFor } from '../tap/tap-line.ts'
import { covers } from '../../schema/messages/subject-patterns.ts'
import type { Config } from '../../schema/config.ts'

/** Exit statuses: 0 ended by the reader; 2 the configuration or the arguments cannot be used. */
export async function tap(asked: TapArguments): Promise<number> {
  const request = readTapArguments(asked, Date.now())
  if (typeof request === 'string') return refuse(request)
  const loaded = loadConfig(asked.config)
  if (loaded.kind === 'invalid') return refuse(describeProblems(loaded.problems))
  try {
    await listen(loaded.config, request)
    return 0
  } catch (error) {
    if (!isCoded(error, 'CONFIG_INVALID')) throw error
    return refuse(describeError(error))
  }
}

function refuse(text: string): number {
  process.stderr.write(`${text}\n`)
  return 2
}

async function listen(config: Config, { subject, filter, since, json }: TapRequest): Promise<void> {
  const pattern = subjectIn(config.bus.cloud, subject)
  const tokens = pattern.split('.')
  const paint = paintFor(process.stdout)
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  const ended = untilEnded()
  await using _tap = tapOf(config, {
    pattern,
    since,
    onMessage: (message) => {
      if (ended.aborted || !covers(tokens, message.subject.split('.'))) return
      const heard = hear(message)
      if (heard.kind === 'decoded' ? !isWanted(heard.received, filter) : isFiltered) return
      process.stdout.write(`${json ? jsonOf(heard) : lineOf(heard, paint)}\n`)
    },
    onNote: (note) => process.stderr.write(`${note}\n`),
  })
  await aborted(ended)
}
