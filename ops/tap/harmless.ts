/** Text from outside on a terminal: no character of it may move the cursor, change colours, or turn the direction of what follows. */

/** Controls, invisible format characters, separators, and halves of surrogate pairs. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** Those of them that JSON leaves as they are. */
const HARMFUL_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Shows such characters by their number: `\u{202e}`. */
export const harmless = (text: string): string =>
  text.replaceAll(HARMFUL, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** JSON in one line without such characters. It reads back as the same value. */
export const harmlessJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(HARMFUL_IN_JSON, (char) =>
    Array.from({ length: char.length }, (_unit, at) => escaped(char.charCodeAt(at))).join(''),
  )

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`
