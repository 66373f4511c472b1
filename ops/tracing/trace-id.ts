/** The trace of a recovery, in the log, on the bus and at the collector of traces. */

/** W3C: 32 hex digits. Those of the notification, so that everybody derives the same. */
export const traceOf = (notification: string): string =>
  notification.replaceAll('-', '').toLowerCase()
