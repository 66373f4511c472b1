/** Places in the memory that the main thread and its watchdog share. */

/** The main thread adds 1 with each beat. */
export const BEATS = 0
/** The watchdog adds 1 with each look. */
export const LOOKS = 1
