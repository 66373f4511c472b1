/** `say`: an operator's word about one recovery, or about all of them, which the records keep with his name. */
import { parseArgs } from 'node:util'
import type { StorePort } from '../../actors/ports/store.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { OPERATOR_WORDS, SITE_WORDS } from '../../schema/records.ts'
import { adviceFor, shownName } from '../../schema/nearest-name.ts'
import { findRecovery } from '../find-recovery.ts'
import { withStore } from '../with-store.ts'

/** Exit statuses: 0 said; 1 the store is away, or the word does not fit; 2 the arguments cannot be used. */
export async function say(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string' }, by: { type: 'string' }, reason: { type: 'string' } },
  })
  const { config, by: operator = '', reason = '' } = values
  const speak = speechOf(positionals, { operator, reason })
  if (speak === undefined || operator === '' || reason === '') {
    const unknown = unknownWord(positionals)
    if (unknown !== undefined) process.stderr.write(`${unknown}\n`)
    const [words, siteWords] = [OPERATOR_WORDS.join(' | '), SITE_WORDS.join(' | ')]
    process.stderr.write(`say ${words} HOST --by NAME --reason TEXT --config FILE\n`)
    process.stderr.write(`say ${siteWords} --by NAME --reason TEXT --config FILE\n`)
    return 2
  }
  let problem: string | undefined
  const status = await withStore(config, async ({ store }) => {
    try {
      process.stdout.write(`${operator} says ${await speak(store)}\n`)
    } catch (error) {
      if (!isCoded(error, 'WORD_REFUSED', 'NOTIFICATION_NOT_FOUND')) throw error
      problem = error.message
    }
  })
  if (problem === undefined) return status
  process.stderr.write(`${problem}\n`)
  return 1
}

const WORDS: readonly string[] = [...OPERATOR_WORDS, ...SITE_WORDS]

/** A sentence about a word that nobody knows. */
function unknownWord([word]: readonly string[]): string | undefined {
  if (word === undefined || WORDS.includes(word)) return undefined
  return `${shownName(word)}: there is no such word; ${adviceFor(word, WORDS)}`
}

interface Speaker {
  readonly operator: string
  readonly reason: string
}

type Speech = (store: StorePort) => Promise<string>

/** How to say what the arguments mean; undefined when they mean nothing. */
function speechOf([first, named]: readonly string[], speaker: Speaker): Speech | undefined {
  const siteWord = SITE_WORDS.find((each) => each === first)
  if (siteWord !== undefined && named === undefined) {
    return async (store) => {
      await store.saySiteWord({ word: siteWord, ...speaker })
      return `${siteWord} about all recoveries`
    }
  }
  const word = OPERATOR_WORDS.find((each) => each === first)
  if (word === undefined || named === undefined) return undefined
  return async (store) => {
    const notification = await findRecovery(store, named, word)
    if (notification === undefined) {
      throw new CodedError(
        'NOTIFICATION_NOT_FOUND',
        `there is no recovery of ${named} that waits for a word`,
      )
    }
    await store.sayWord({ notification, word, ...speaker })
    return `${word} about ${named}, recovery ${notification}`
  }
}
