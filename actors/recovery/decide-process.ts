/** The rule for PROCESS notifications. Of all processes, only nova-compute is handled. Pure. */
import { finished, ignored, type Rule } from './decision.ts'
import { superseded } from './superseded.ts'

/**
 * Decides about a reported process. The report says nothing about the host itself, which stays
 * protected.
 */
export const decideProcess: Rule = (rules, situation, notification, host) => {
  const { event, process_name: name } = notification.payload
  if (name !== 'nova-compute') {
    return ignored(`${name} has its own supervision: only nova-compute is handled`)
  }
  if (event === 'STARTED') {
    return finished('if it was disabled because it had died, it is enabled once it beats again')
  }
  return superseded(rules, situation, notification, host) ?? { kind: 'disable' }
}
