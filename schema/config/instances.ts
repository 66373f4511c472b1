/** Options for faults smaller than a host: of a guest, or of its nova-compute. */
import { HA_KEY_MEANING } from './engine.ts'
import type { OptionGroup } from './option.ts'

export const INSTANCE_RECOVERY = {
  processAll: {
    names: ['instance_failure.process_all_instances'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether every failed instance is restarted, or only HA-enabled ones.',
  },
  recoverError: {
    names: ['instance_failure.recover_ignoring_error_instances'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether a failed instance is restarted also when it was in ERROR before.',
  },
  restartsMin: {
    names: ['instance_failure.crash_loop_restarts'],
    kind: 'whole',
    min: 1,
    max: 100,
    default: '3',
    meaning:
      'An instance that was restarted so many times in the window is left alone for a while, which each further ' +
      'restart doubles.',
    low: 'an instance with one bad hour stays down',
    high: 'an instance that cannot live is restarted again and again',
  },
  restartsWindowMs: {
    names: ['instance_failure.crash_loop_window_seconds'],
    kind: 'seconds',
    min: 60,
    max: 86_400,
    default: '86400',
    meaning: 'Length of that window.',
    low: 'a slow crash loop is never noticed',
    high: 'crashes that have nothing to do with each other are counted together',
  },
  coolDownMs: {
    names: ['instance_failure.cool_down_seconds'],
    kind: 'seconds',
    min: 10,
    max: 86_400,
    default: '600',
    meaning: 'How long it is left alone the first time.',
    low: 'a crash loop goes on almost as before',
    high: 'an instance that would live again stays down for so long',
  },
  haMetadataKey: {
    names: ['instance_failure.ha_enabled_instance_metadata_key'],
    kind: 'text',
    default: 'HA_Enabled',
    meaning: HA_KEY_MEANING,
  },
} as const satisfies OptionGroup

export const PROCESS_RECOVERY = {
  disableReason: {
    names: ['process_failure.service_disable_reason'],
    kind: 'text',
    default: 'Masakari detected process failed.',
    meaning:
      'Reason shown at the compute service of a living host whose nova-compute has died. Only a service that is disabled ' +
      'with this reason, and by us, is enabled again.',
  },
} as const satisfies OptionGroup
