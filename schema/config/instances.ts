/**
 * Options for faults smaller than the failure of a host: a guest fails, or nova-compute dies on a
 * living host.
 */
import { HA_KEY_MEANING } from './engine.ts'
import type { OptionGroup } from './option.ts'

export const INSTANCE_RECOVERY = {
  processAll: {
    names: ['instance_failure.process_all_instances'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether every failed instance is restarted, or only the HA-enabled ones.',
  },
  recoverError: {
    names: ['instance_failure.recover_ignoring_error_instances'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether a failed instance that was already in ERROR before is restarted, too.',
  },
  restartsMin: {
    names: ['instance_failure.crash_loop_restarts'],
    kind: 'whole',
    min: 1,
    max: 100,
    default: '3',
    meaning:
      'An instance that was restarted this many times in the window is not restarted for the cool-down time, which each further ' +
      'restart doubles.',
    low: 'an instance that crashes a few times in one hour stays down',
    high: 'an instance that always crashes is restarted again and again',
  },
  restartsWindowMs: {
    names: ['instance_failure.crash_loop_window_seconds'],
    kind: 'seconds',
    min: 60,
    max: 86_400,
    default: '86400',
    meaning: 'Length of the window in which the restarts of one instance are counted.',
    low: 'a slow crash loop is never noticed',
    high: 'crashes with different causes are counted together',
  },
  coolDownMs: {
    names: ['instance_failure.cool_down_seconds'],
    kind: 'seconds',
    min: 10,
    max: 86_400,
    default: '600',
    meaning:
      'The first cool-down time of an instance in a crash loop: it is not restarted for this time.',
    low: 'a crash loop goes on almost as before',
    high: 'an instance that would run again stays down for this time',
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
      'with this reason, and by this product, is enabled again.',
  },
} as const satisfies OptionGroup
