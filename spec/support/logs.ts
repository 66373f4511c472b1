/** Logs for specs. */
import type { LogPort } from '../../actors/ports/log.ts'

const nothing = (): void => undefined

/** For specs that do not check the log. */
export const silentLog: LogPort = { info: nothing, warn: nothing, error: nothing }

/** Keeps every line as text, oldest first. */
export function recordingLog(): LogPort & { readonly lines: readonly string[] } {
  const lines: string[] = []
  const record =
    (level: string): LogPort['info'] =>
    (fields, text) =>
      void lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
  return { lines, info: record('info'), warn: record('warn'), error: record('error') }
}
