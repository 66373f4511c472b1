/** The rule for PROCESS notifications: of all processes, nova-compute. Pure. */
import { finished, ignored, type Rule } from './decision.ts'
import { superseded } from './superseded.ts'

/** A process is reported: it says nothing about the host itself, whose protection goes on. */
export const decideProcess: Rule = (rules, situation, notification, host) => {
  const { event, process_name: name } = notification.payload
  if (name !== 'nova-compute') {
    return ignored(`${name} is left to its own supervision: only nova-compute is seen to`)
  }
  if (event === 'STARTED') {
    return finished('if it was disabled because it had died, it is enabled once it beats again')
  }
  return superseded(rules, situation, notification, host) ?? { kind: 'disable' }
}
