/** How verbs of a running cloud end. */

const FAILED = 'the API refuses it, or Keystone or the API cannot be reached'
const UNUSABLE = 'clouds.yaml or the OS_* variables cannot be used'

export const SHOWN = { 0: 'printed', 1: FAILED, 2: UNUSABLE } as const
export const DONE = { 0: 'done', 1: FAILED, 2: UNUSABLE } as const
