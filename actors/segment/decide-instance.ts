/** The rule for VM notifications: which events mean that a guest must be restarted. Pure. */
import { ignored, type Rule } from './decision.ts'

/** Pairs of `event` and `vir_domain_event` that mean a guest died (Masakari's vocabulary). */
const GUEST_DIED: ReadonlySet<string> = new Set([
  'LIFECYCLE STOPPED_FAILED',
  'IO_ERROR IO_ERROR_REPORT',
  'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED',
])

/** A guest is reported: restart it, or say why not. */
export const decideInstance: Rule = (_rules, _situation, { payload }) => {
  const what = `${payload['event']} ${payload['vir_domain_event']}`
  return GUEST_DIED.has(what) ? { kind: 'restart' } : ignored(`${what} needs no recovery`)
}
