/** Options of the console, the pages that the gateway serves. */
import type { OptionGroup } from './option.ts'

export const CONSOLE = {
  enabled: {
    names: ['console.enabled'],
    kind: 'switch',
    default: 'true',
    meaning:
      'Whether the gateway serves the console at /console. With auth_strategy = noauth2 it is served to this machine only.',
  },
  idleMs: {
    names: ['console.idle_timeout'],
    kind: 'seconds',
    min: 60,
    max: 86_400,
    default: '1800',
    meaning:
      'Seconds after which a person who does nothing is logged out of the console. A session ends with its token at the latest.',
    low: 'people log in often',
    high: 'an unattended browser can be used by others',
  },
  sessionKey: {
    names: ['console.session_key'],
    kind: 'secret',
    meaning:
      'Secret text from which the key is made that seals the cookies of the console; 32 random characters or more. Give every gateway ' +
      'behind one load balancer the same. When unset, each process makes its own: people log in again after its restart, and the ' +
      'load balancer must keep them on one gateway.',
  },
} as const satisfies OptionGroup
