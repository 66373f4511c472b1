/**
 * The tree of actors: which kind is the child of which, and what each one is for. ARCHITECTURE.md shows it as a picture. A role
 * starts the kinds without a parent (`ops/roles/`); every other one is started by its parent.
 */
import type { Actors } from './registry.ts'

export interface TreePlace {
  /** null: its role starts it. */
  readonly parent: keyof Actors | null
  /** As `/health/supervisors` shows it after the kind; in angle brackets, what each one is named after. */
  readonly name: string
  readonly purpose: string
}

const below = (parent: TreePlace['parent'], name: string, purpose: string): TreePlace => ({
  parent,
  name,
  purpose,
})

export const TREE: Readonly<Record<keyof Actors, TreePlace>> = {
  'lease-holder': below(null, 'engine', 'campaigns, renews, steps down by its own clock'),
  leader: below(
    'lease-holder',
    '<epoch>',
    'supervises all that acts with this epoch; gone when the lease is',
  ),
  intake: below('leader', 'leader', 'listens to the bus, stores faults of guests and hosts'),
  'dedup-window': below(
    'leader',
    'leader',
    'folds reports into incidents: quorum, contradictions that the leader looks into',
  ),
  returner: below('leader', 'leader', 'lets repaired hosts back into service, through checks'),
  reconciler: below(
    'leader',
    'leader',
    'corrects what succeeded late, starts what was left on a host that is back',
  ),
  'guest-follower': below(
    'leader',
    'leader',
    'waits until the guests of moved instances are heard on their new hosts',
  ),
  housekeeper: below('leader', 'leader', 'deletes what ended long ago'),
  segment: below(
    'leader',
    '<uuid>',
    'gives its recoveries their turns: a host is decided alone and first',
  ),
  recovery: below(
    'segment',
    '<notification>',
    'from the report to its end: decision, maintenance, storm guard, attempts',
  ),
  fence: below(
    'recovery',
    '<notification>',
    'looks at the host itself, climbs the fence plan: BMC, agent, command, operator; certificate',
  ),
  evacuator: below('recovery', '<notification>', 'isolate, survey, plan, move, look again'),
  'instance-recovery': below(
    'recovery',
    '<notification>',
    'one guest of a living host: reboot or start, rebuild',
  ),
  'process-recovery': below(
    'recovery',
    '<notification>',
    'a dead nova-compute of a living host: keeps the scheduler away',
  ),
  observer: below(null, 'hosts', 'blind or sighted; says what its watchers see'),
  'host-watcher': below(
    'observer',
    '<uuid>',
    'probes one host over SSH, Redfish or IPMI, hears its heartbeats',
  ),
  'instance-watcher': below(
    null,
    '<host>',
    'follows what happens to the guests of one compute host, and asks them for heartbeats',
  ),
  'host-heartbeat': below(null, '<host>', 'sends the heartbeats of one compute host'),
}
