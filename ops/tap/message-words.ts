/** What each message says, in plain words: one short text for each kind. */
import type { ComputeFact } from '../../schema/messages/compute-fact.ts'
import type { Received, WireBody, WireType } from '../../schema/messages/catalogue.ts'

type Words = { readonly [Name in WireType]: (body: WireBody<Name>) => string }

const listed = (evidence: readonly string[]): string =>
  evidence.length === 0 ? '' : `: ${evidence.join('; ')}`
const because = (reason: string | null): string =>
  reason === null || reason === '' ? '' : `: ${reason}`
const counted = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? '' : 's'}`

const WORDS: Words = {
  'host.observed': ({ hostName, state, evidence }) => `${hostName} is ${state}${listed(evidence)}`,
  'guest.failed': ({ instance, hostName, event, domainEvent, evidence }) =>
    `instance ${instance} on ${hostName} has failed (${event}, ${domainEvent})${listed(evidence)}`,
  'host.heartbeat': ({ hostName, libvirt, compute }) =>
    `${hostName} lives; libvirt ${libvirt}, nova-compute ${compute}`,
  'notification.accepted': ({ notification, segment }) =>
    `notification ${notification} of segment ${segment} is stored`,
  'operator.commanded': ({ notification }) =>
    `an operator gave a command for ${notification === null ? 'all recoveries' : `recovery ${notification}`}`,
  'compute.event': ({ eventType, publisher, fact }) =>
    `${eventType} from ${publisher}${fact === undefined ? '' : factWords(fact)}`,
  'recovery.stepped': ({ notification, host, step, reason }) =>
    `recovery ${notification} of ${host}: ${step}${because(reason)}`,
  'move.stepped': ({ instance, instanceName, status, dest, reason, done, total }) =>
    `${instanceName || instance} ${status}${dest === null ? '' : ` on ${dest}`} (${done} of ${total} done)${because(reason)}`,
  'leader.proclaimed': ({ holder, epoch }) => `${holder} leads with epoch ${epoch}`,
  'role.health': ({ node, roles, leading, actors, parked }) =>
    `${node} (${roles.join(', ')}) ${leading ? 'leads' : 'runs'}; ${counted(actors.length, 'actor')}, ${parked} parked`,
  'host.failed': ({ hostName, publisher, evidence }) =>
    `${hostName} has failed, says ${publisher}${listed(evidence)}`,
  'instance.failed': ({ instance, hostName, publisher, evidence }) =>
    `instance ${instance} on ${hostName} has failed, says ${publisher}${listed(evidence)}`,
  'guests.running': ({ hostName, guests }) => `${counted(guests.length, 'guest')} on ${hostName}`,
  'guest.followed': ({ instance, instanceName, host, state, reason }) =>
    `guest of ${instanceName || instance} on ${host}: ${state}${because(reason)}`,
  'domains.known': ({ hosts }) => `failure domains of ${counted(hosts.length, 'host')}`,
}

const factWords = (fact: ComputeFact): string => {
  const about = 'instance' in fact ? `instance ${fact.instance}` : fact.host
  return `: ${fact.kind} ${about}${'reason' in fact ? because(fact.reason) : ''}`
}

/** What the message says. It may contain any characters. */
export function wordsOf({ type, body }: Pick<Received, 'type' | 'body'>): string {
  // The table ties each function to the body of the same name. TypeScript cannot follow this by index.
  return (WORDS[type] as (body: Received['body']) => string)(body)
}
