/** The log of a process. Secrets are never written to it. */

/** The subject of a line; short, flat values. */
export type LogFields = Readonly<Record<string, unknown>>

export interface LogPort {
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
}
