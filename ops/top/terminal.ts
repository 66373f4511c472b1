/** A screen of its own in the operator's terminal. What was there before is there again at the end. */
import type { Size } from './screen.ts'

export interface Screen extends Disposable {
  /** Aborted by `q`, by Ctrl-C, and by the signal that it was opened with. */
  readonly ended: AbortSignal
  size(): Size
  /** Writes over the lines that are shown, in one write, so that nothing flickers. */
  draw(lines: readonly string[]): void
  /** Resolves with the given pause, or sooner when the terminal has another size. */
  pause(pause: Promise<unknown>): Promise<void>
}

const CTRL_C = '\u0003'
const OPEN = '\u001b[?1049h\u001b[?25l'
const CLOSE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** Takes the terminal until it is disposed of. */
export function openScreen(signal: AbortSignal): Screen {
  const { stdin, stdout } = process
  const quitting = new AbortController()
  const onKey = (keys: Buffer): void => {
    const text = keys.toString('latin1')
    if (text.includes('q') || text.includes(CTRL_C)) quitting.abort()
  }
  if (stdin.isTTY) stdin.setRawMode(true)
  stdin.on('data', onKey)
  stdout.write(OPEN)
  return {
    ended: AbortSignal.any([signal, quitting.signal]),
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    draw(lines) {
      const text = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')
      stdout.write(`${HOME}${text}${CLEAR_BELOW}`)
    },
    async pause(pause) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const onResize = (): void => resolve()
      stdout.once('resize', onResize)
      await Promise.race([pause, promise])
      stdout.off('resize', onResize)
    },
    [Symbol.dispose]() {
      stdin.off('data', onKey)
      if (stdin.isTTY) stdin.setRawMode(false)
      stdin.pause()
      stdout.write(CLOSE)
    },
  }
}
