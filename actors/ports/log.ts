/** Where a process says what happens to it. Secrets never go in. */

/** What a line is about; short, flat values. */
export type LogFields = Readonly<Record<string, unknown>>

export interface LogPort {
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
}
