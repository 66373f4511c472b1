/**
 * Reads the answer of a fence agent or a command. Its words and its exit status must agree;
 * otherwise the answer proves nothing about the host.
 */
import type { PowerState } from '../../actors/ports/power.ts'

/** How a run ended. */
export interface Outcome {
  /** null when a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Whether it printed more than we read. It was ended then. */
  readonly isCut: boolean
}

export type ProgramAnswer =
  | { readonly kind: 'state'; readonly power: PowerState }
  /** `why` completes a sentence that begins with the name of the program. */
  | { readonly kind: 'disbelieved'; readonly why: string }

/**
 * The exit statuses of `status` in ClusterLabs' fencing library. 2 is also what shells and python
 * use for errors.
 */
const EXIT_STATUS: Readonly<Record<PowerState, number>> = { on: 0, off: 2 }

/**
 * `Status: OFF` as the fencing library prints it, and `Chassis power = Off` as fence_ipmilan did
 * before it used the library.
 */
const STATUS_LINE = /^(?:status[ \t]*[:=]|chassis power (?:=|is))[ \t]*(on|off)$/i

/** The messages of an interpreter that could not run the program to its end. */
const BREAKAGE =
  /Traceback \(most recent call last\)|syntax error|unexpected (?:end of file|EOF|token)|unterminated|: (?:command )?not found|can(?:'|no)t open|No such file or directory|cannot execute/i

/** The state that an answer to `status` proves, or why it proves none. */
export function stateOf(outcome: Outcome): ProgramAnswer {
  const printed = statesIn(outcome.stdout)
  const all = new Set([...printed, ...statesIn(outcome.stderr)])
  const [power] = printed
  const trouble = troubleOf(outcome)
  if (trouble !== undefined) return disbelieved(trouble)
  if (all.size > 1) return disbelieved(`says both on and off, and ${endOf(outcome)}`)
  if (power === undefined) return disbelieved(`printed no status line and ${endOf(outcome)}`)
  if (outcome.status !== EXIT_STATUS[power]) {
    const due = `an agent that reads ${power} ends with ${EXIT_STATUS[power]}`
    return disbelieved(`says ${power} but ${endOf(outcome)} (${due})`)
  }
  return { kind: 'state', power }
}

/** Why an order was not carried out; undefined when it was. */
export function refusalOf(outcome: Outcome): string | undefined {
  return troubleOf(outcome) ?? (outcome.status === 0 ? undefined : endOf(outcome))
}

function troubleOf(outcome: Outcome): string | undefined {
  if (outcome.isCut) return 'printed more than an agent has to say'
  const isBroken = BREAKAGE.test(outcome.stderr) || BREAKAGE.test(outcome.stdout)
  return isBroken ? `is broken: it ${endOf(outcome)}` : undefined
}

const statesIn = (text: string): readonly PowerState[] =>
  text.split(/\r?\n/).flatMap((line) => {
    const word = STATUS_LINE.exec(line.trim())?.[1]?.toLowerCase()
    return word === 'on' || word === 'off' ? [word] : []
  })

const endOf = ({ status }: Outcome): string =>
  status === null ? 'ended with a signal' : `ended with ${status}`

const disbelieved = (why: string): ProgramAnswer => ({ kind: 'disbelieved', why })

const LINES_SHOWN = 3
const CHARACTERS_SHOWN = 400

/** The last words of a run, for operators. `redact` removes our values before the text is cut. */
export function lastWords({ stdout, stderr }: Outcome, redact: (text: string) => string): string {
  const lines = [stdout, stderr].flatMap((text) => redact(text).split(/[\r\n]+/))
  const words = lines
    .map((line) => line.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim())
    .filter((line) => line !== '')
  return words.slice(-LINES_SHOWN).join(' | ').slice(-CHARACTERS_SHOWN)
}
