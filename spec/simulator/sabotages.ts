/** Rules broken on purpose, one each, to check that the simulator finds it. */
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { NodePorts } from '../../ops/roles/node.ts'
import type { Sabotage } from '../../ops/simulator/deployment.ts'
import type { SegmentSnapshot } from '../../actors/ports/store.ts'
import type { BusMessage } from '../../actors/ports/bus.ts'
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { Control } from '../../schema/recovery-control.ts'
import { withChanges } from './with-changes.ts'

/** Every BMC reads off, before and after the order, so that evacuations begin before the fence. */
export const evacuateBeforeTheFence: Sabotage = (ports) => ({
  ...ports,
  power: withChanges(ports.power, { read: async () => 'off' }),
})

/** The engine does not look at a host before it fences it: its questions get no answer. */
export const neverLook: Sabotage = (ports) =>
  ports.node.startsWith('engine')
    ? {
        ...ports,
        shell: withChanges(ports.shell, {
          probe: async () => ({ outcome: 'silent', detail: 'nobody was asked' }),
        }),
        compute: withChanges(ports.compute, {
          findService: async (host, signal) => {
            const service = await ports.compute.findService(host, signal)
            return service && { ...service, writtenAgoMs: null }
          },
        }),
      }
    : ports

/** Observers that should report "blind" report "dead", and the engine does not look. */
export const actWhileBlind: Sabotage = (ports) => ({
  ...neverLook(ports),
  bus: withChanges(ports.bus, {
    publish: (subject, body) =>
      ports.bus.publish(subject, replaced(body, '"state":"blind"', '"state":"dead"')),
  }),
})

/** The engine ignores observations of "alive", and does not look. */
export const ignoreLife: Sabotage = (ports) => ({
  ...neverLook(ports),
  bus: withChanges(ports.bus, {
    subscribe: (pattern, handler) =>
      ports.bus.subscribe(pattern, (message: BusMessage) => {
        if (!textOf(message.body).includes('"state":"alive"')) handler(message)
      }),
  }),
})

/** The engine does not hear what the channels of a host mean, so nothing shows that only the link to its rack is cut. */
export const overlookCutLinks: Sabotage = (ports) => ({
  ...ports,
  bus: withChanges(ports.bus, {
    subscribe: (pattern, handler) =>
      ports.bus.subscribe(pattern, (message: BusMessage) => {
        handler({ ...message, body: replaced(message.body, '"channels":', '"unheard":') })
      }),
  }),
})

/** Nova's hypervisor is never asked about a guest. */
export const neverAskForGuests: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, {
    readDiagnostics: async () => {
      throw new CodedError('COMPUTE_REFUSED', 'nobody was asked')
    },
  }),
})

/**
 * The engine believes every observer that sees a host alive, because it has no channel for its own
 * look.
 */
export const believeLoneVoices: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, { findHost: async () => undefined }),
})

/** Any number of hosts may be acted on at the same time. */
export const noStormGuard: Sabotage = (ports) => ({
  ...ports,
  rules: {
    ...ports.rules,
    recovery: { ...ports.rules.recovery, storm: { hostsMax: 0, shareMax: 1, windowMs: 600_000 } },
  },
})

/** Neither a disabled segment nor maintenance is noticed, at the decision or at the action. */
export const ignoreOperators: Sabotage = (ports) => {
  const { store } = ports
  return {
    ...ports,
    store: withChanges(store, {
      readSnapshot: async (...parameters) => withoutOrders(await store.readSnapshot(...parameters)),
      recordIntent: async (epoch, entry) => {
        await store.appendJournal(epoch, { ...entry, kind: 'intent' })
        return { kind: 'granted' }
      },
    }),
  }
}

const withoutOrders = (snapshot: SegmentSnapshot): SegmentSnapshot => ({
  ...snapshot,
  segment: snapshot.segment && { ...snapshot.segment, enabled: true },
  hosts: snapshot.hosts.map((host) => ({ ...host, onMaintenance: false })),
})

/** Controls of this kind are ignored: the recovery always counts as running. */
const deafTo =
  (kind: Control['kind']): Sabotage =>
  (ports) => {
    const { store } = ports
    return {
      ...ports,
      store: withChanges(store, {
        listUnfinished: async () =>
          (await store.listUnfinished()).map((each) => ({
            ...each,
            control: without(kind, each.control),
          })),
        readSnapshot: async (...parameters) => {
          const snapshot = await store.readSnapshot(...parameters)
          return { ...snapshot, control: without(kind, snapshot.control) }
        },
        recordIntent: async (epoch, entry) => {
          const grant = await store.recordIntent(epoch, entry)
          if (grant.kind === 'granted' || !grant.reason.startsWith(SAID[kind])) return grant
          await store.appendJournal(epoch, { ...entry, kind: 'intent' })
          return { kind: 'granted' }
        },
      }),
    }
  }

const without = (kind: Control['kind'], control: Control): Control =>
  control.kind === kind ? { kind: 'running' } : control

const SAID: Readonly<Record<Control['kind'], string>> = {
  running: 'running',
  paused: 'paused by',
  cancelled: 'cancelled by',
  stopped: 'all recoveries are stopped',
}

/** A pause is ignored. */
export const goOnAfterPause = deafTo('paused')

/** A cancelled recovery goes on. */
export const goOnAfterCancel = deafTo('cancelled')

/** The global stop is ignored. */
export const goOnAfterStop = deafTo('stopped')

/** No target is named to Nova, so that it may choose any host. */
export const leaveTheSegment: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, {
    evacuate: (id, _target, signal) => ports.compute.evacuate(id, undefined, signal),
  }),
})

/** Takes every spare that it can, and never undoes its changes. */
export const keepSpares: Sabotage = (ports) => {
  const { store } = ports
  return {
    ...ports,
    store: withChanges(store, {
      listChanges: async () => [],
      takeSpare: async (epoch, notification, host) => {
        for (const { name, reserved } of await store.listAllHosts()) {
          if (reserved) await store.takeSpare(epoch, notification, name)
        }
        return store.takeSpare(epoch, notification, host)
      },
    }),
  }
}

/**
 * A new leader treats every move as never requested, whatever the rows, Nova's older records and
 * the instances show.
 */
export const forgetWhatWasAsked: Sabotage = (ports: NodePorts) => {
  const { store, compute, clock } = ports
  let leadsSinceMs = 0
  return {
    ...ports,
    store: withChanges(store, {
      claimEpoch: async (holder) => {
        leadsSinceMs = clock.wallMs()
        return store.claimEpoch(holder)
      },
      planMoves: async (epoch, notification, host, moves) =>
        (await store.planMoves(epoch, notification, host, moves)).map((move) =>
          move.status === 'ongoing' ? { ...move, status: 'pending', attempts: 0 } : move,
        ),
      updateMove: async (epoch, change) => {
        await store.updateMove(epoch, change)
        return true
      },
    }),
    compute: withChanges(compute, {
      listEvacuations: async (source, sinceMs, signal) =>
        (await compute.listEvacuations(source, sinceMs, signal)).filter(
          ({ createdAt }) => createdAt >= leadsSinceMs,
        ),
      listInstances: async (host, signal) =>
        (await compute.listInstances(host, signal)).map((row) => ({ ...row, taskState: null })),
    }),
  }
}

/**
 * Counts the answers of Nova's scheduler as failed attempts, and forgets the refusals of earlier
 * runs.
 */
export const countRefusals: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, {
    planMoves: async (epoch, notification, host, moves) =>
      (await ports.store.planMoves(epoch, notification, host, moves)).map((move) => ({
        ...move,
        refusals: [],
      })),
  }),
  compute: withChanges(ports.compute, {
    listEvacuations: async (source, sinceMs, signal) =>
      (await ports.compute.listEvacuations(source, sinceMs, signal)).map((record) =>
        record.status === 'error' ? { ...record, status: 'failed' } : record,
      ),
  }),
})

/** An instance that a refused evacuation leaves in error stays in error. */
export const leaveInError: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { callActive: async () => {} }),
})

/** Every instance is treated as if it ran before the fault. */
export const forgetStates: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, {
    planMoves: (epoch, notification, host, moves) =>
      ports.store.planMoves(
        epoch,
        notification,
        host,
        moves.map((move) => ({ ...move, origin: { ...move.origin, vmState: 'active' } })),
      ),
  }),
})

/** Nova is never asked to unlock an instance. */
export const keepLocks: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { unlock: async () => {} }),
})

/** Every stop of an instance is treated as one by Nova. */
export const ignoreUsers: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, {
    listActions: async (id, signal) =>
      (await ports.compute.listActions(id, signal)).map((action) => ({ ...action, user: null })),
  }),
})

/** The number of restarts of a guest is forgotten. */
export const forgetRestarts: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, {
    readSnapshot: async (...parameters) => ({
      ...(await ports.store.readSnapshot(...parameters)),
      restarts: [],
    }),
  }),
})

/**
 * As many evacuations at the same time as Nova accepts: overall, from a segment, or to a target.
 */
export const withoutCap =
  (which: keyof Caps): Sabotage =>
  (ports) => ({
    ...ports,
    rules: { ...ports.rules, concurrency: { ...ports.rules.concurrency, [which]: 1000 } },
  })

/** Every disabled compute service is treated as disabled by us. */
export const enableForOperators: Sabotage = (ports) => {
  const { store, compute } = ports
  return {
    ...ports,
    store: withChanges(store, {
      listReturning: async (since) =>
        (await store.listReturning(since)).map((each) => ({ ...each, disabledWith: 'ours' })),
    }),
    compute: withChanges(compute, {
      findService: async (host, signal) => {
        const service = await compute.findService(host, signal)
        return service && { ...service, disabledReason: 'ours' }
      },
    }),
  }
}

/** The choices of a segment's operators are unknown, so that every disk counts as shared. */
export const takeDisksForShared: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, {
    readSnapshot: async (...parameters) => ({
      ...(await ports.store.readSnapshot(...parameters)),
      choices: {},
    }),
  }),
})

/** A returning host is enabled while Nova still has it forced down. */
export const enableForcedDown: Sabotage = (ports) => {
  const { compute } = ports
  const cleared = new Set<string>()
  return {
    ...ports,
    compute: withChanges(compute, {
      clearForcedDown: async (service) => {
        cleared.add(service)
      },
      findService: async (host, signal) => {
        const service = await compute.findService(host, signal)
        const isCleared = service !== undefined && cleared.has(service.id)
        return isCleared ? { ...service, forcedDown: false, up: true } : service
      },
    }),
  }
}

/** A service that we have disabled stays disabled. */
export const neverEnable: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { enable: async () => {} }),
})

/** A spare stays in the aggregates that it has joined. */
export const stayInAggregates: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { leaveAggregate: async () => {} }),
})

/** A busy Nova is asked again at once. */
export const askAgainAtOnce: Sabotage = ({ compute, ...ports }) => ({
  ...ports,
  compute: withChanges(compute, {
    evacuate: async (id, target, signal) => {
      try {
        await compute.evacuate(id, target, signal)
      } catch (error) {
        if (!isCoded(error, 'COMPUTE_BUSY')) throw error
        await compute.evacuate(id, target, signal)
      }
    },
  }),
})

/** Instances that were left on a returned host stay as Nova stopped them. */
export const leaveStopped: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, { listLeftStopped: async () => [] }),
})

const textOf = (body: Uint8Array): string => new TextDecoder().decode(body)

const replaced = (body: Uint8Array, from: string, to: string): Uint8Array =>
  new TextEncoder().encode(textOf(body).replace(from, to))
