/** What a channel of a host means, in the words of an operator (`ops/docs/channels.md`). */
/** @import { BarTone } from './api-shapes.ts' */

/** @type {Readonly<Record<string, readonly [word: string, tone: BarTone]>>} */
const WORDS = {
  life: ['alive', 'good'],
  kernel: ['refused: its kernel lives', 'waiting'],
  power: ['on', 'good'],
  off: ['off', 'bad'],
  silence: ['silent', 'waiting'],
  doubt: ['missing', 'waiting'],
  trace: ['has written', 'good'],
  fault: ['misconfigured', 'waiting'],
  nothing: ['says nothing', 'plain'],
}

/** @param {string} meaning */
export const meaningWord = (meaning) => WORDS[meaning]?.[0] ?? meaning

/** @param {string} meaning */
export const meaningTone = (meaning) => WORDS[meaning]?.[1] ?? 'plain'
