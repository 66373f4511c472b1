/** The processes of a simulated deployment that can be hurt, and in whose names others can speak. */

export const ENGINES = ['engine-1', 'engine-2'] as const
export const MONITORS = ['monitor-1', 'monitor-2'] as const
