/**
 * The processes of a simulated deployment that faults can hit, and in whose names an intruder can
 * send messages.
 */

export const ENGINES = ['engine-1', 'engine-2'] as const
export const MONITORS = ['monitor-1', 'monitor-2'] as const
