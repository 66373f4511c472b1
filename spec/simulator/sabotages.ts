/** Rules broken on purpose, one each, to see that the simulator finds it. */
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { NodePorts } from '../../ops/roles/node.ts'
import type { Sabotage } from '../../ops/simulator/deployment.ts'
import type { BusMessage } from '../../actors/ports/bus.ts'
import type { SegmentSnapshot, StorePort } from '../../actors/ports/store.ts'
import type { Caps } from '../../actors/evacuator/fair-share.ts'
import type { Control } from '../../schema/recovery-control.ts'
import { withChanges } from './with-changes.ts'

/** Takes every BMC's word as "off", asked or not: evacuations begin before the fence. */
export const evacuateBeforeTheFence: Sabotage = (ports) => ({
  ...ports,
  power: withChanges(ports.power, { read: async () => 'off' }),
})

/** A lease that never ends by our own clock, a broker's no taken for a yes, and a store that compares no epochs. */
export const forgetTheEpoch: Sabotage = (ports) => {
  const { store, lease, rules } = ports
  return {
    ...ports,
    rules: { ...rules, lease: { ...rules.lease, ttlMs: 100_000_000 } },
    lease: withChanges(lease, {
      renew: async (holder, revision) => (await lease.renew(holder, revision)) ?? revision,
    }),
    store: withoutEpochGuard(store),
  }
}

function withoutEpochGuard(store: StorePort): StorePort {
  const current = (): ReturnType<StorePort['currentEpoch']> => store.currentEpoch()
  return withChanges(store, {
    recordTransition: async (_epoch, transition) =>
      store.recordTransition(await current(), transition),
    recordIntent: async (_epoch, entry) => store.recordIntent(await current(), entry),
    appendJournal: async (_epoch, entry) => store.appendJournal(await current(), entry),
    saveCertificate: async (certificate) =>
      store.saveCertificate({ ...certificate, epoch: await current() }),
    planMoves: async (_epoch, notification, host, moves) =>
      store.planMoves(await current(), notification, host, moves),
    updateMove: async (_epoch, change) => store.updateMove(await current(), change),
    withdrawAttempt: async (_epoch, move, message) =>
      store.withdrawAttempt(await current(), move, message),
    recordRefusal: async (_epoch, move, refusal) =>
      store.recordRefusal(await current(), move, refusal),
    noteLock: async (_epoch, move, lock) => store.noteLock(await current(), move, lock),
    holdHost: async (_epoch, host, by) => store.holdHost(await current(), host, by),
    endMoves: async (_epoch, notification, end) =>
      store.endMoves(await current(), notification, end),
    releaseHost: async (_epoch, host, by) => store.releaseHost(await current(), host, by),
    releaseUntouched: async (_epoch, host, by) => store.releaseUntouched(await current(), host, by),
    recordLateCompletion: async (_epoch, move, dest) =>
      store.recordLateCompletion(await current(), move, dest),
    recordStart: async (_epoch, move, reason) => store.recordStart(await current(), move, reason),
    recordChange: async (_epoch, change) => store.recordChange(await current(), change),
    takeSpare: async (_epoch, notification, host) =>
      store.takeSpare(await current(), notification, host),
    returnSpare: async (_epoch, change) => store.returnSpare(await current(), change),
    closeChange: async (_epoch, change, outcome) =>
      store.closeChange(await current(), change, outcome),
  })
}

/** The engine does not look at a host before it fences it: whatever it asks, nothing answers. */
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

/** Observers that should say "blind" say "dead", and the engine does not look. */
export const actWhileBlind: Sabotage = (ports) => ({
  ...neverLook(ports),
  bus: withChanges(ports.bus, {
    publish: (subject, body) =>
      ports.bus.publish(subject, replaced(body, '"state":"blind"', '"state":"dead"')),
  }),
})

/** The engine does not listen when an observer says "alive", and does not look. */
export const ignoreLife: Sabotage = (ports) => ({
  ...neverLook(ports),
  bus: withChanges(ports.bus, {
    subscribe: (pattern, handler) =>
      ports.bus.subscribe(pattern, (message: BusMessage) => {
        if (!textOf(message.body).includes('"state":"alive"')) handler(message)
      }),
  }),
})

/** Nova's hypervisor is never asked for a guest. */
export const neverAskForGuests: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, {
    readDiagnostics: async () => {
      throw new CodedError('COMPUTE_REFUSED', 'nobody was asked')
    },
  }),
})

/** The engine believes every observer that sees a host alive: it knows no way to the host to look for itself. */
export const believeLoneVoices: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, { findHost: async () => undefined }),
})

/** Any number of hosts may be acted on at once. */
export const noStormGuard: Sabotage = (ports) => ({
  ...ports,
  rules: {
    ...ports.rules,
    recovery: { ...ports.rules.recovery, storm: { hostsMax: 0, shareMax: 1, windowMs: 600_000 } },
  },
})

/** Neither a disabled segment nor maintenance is seen, at the decision or at the action. */
export const ignoreOperators: Sabotage = (ports) => {
  const { store } = ports
  return {
    ...ports,
    store: withChanges(store, {
      readSnapshot: async (segment, notification, since) =>
        withoutOrders(await store.readSnapshot(segment, notification, since)),
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

/** Words of this kind are not heard: whatever is said, nothing stands in the way. */
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
        readSnapshot: async (segment, notification, since) => {
          const snapshot = await store.readSnapshot(segment, notification, since)
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

/** A pause is not heard. */
export const goOnAfterPause = deafTo('paused')

/** A cancelled recovery goes on. */
export const goOnAfterCancel = deafTo('cancelled')

/** The global stop is not heard. */
export const goOnAfterStop = deafTo('stopped')

/** Nobody tells Nova where to send an instance, and so it may send it anywhere. */
export const leaveTheSegment: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, {
    evacuate: (id, _target, signal) => ports.compute.evacuate(id, undefined, signal),
  }),
})

/** Takes every spare that it can, and never looks at what it has changed. */
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

/** A new leader takes every move for one that nobody has asked for, whatever the rows, Nova's older records and the instances say. */
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

/** Takes the word of Nova's scheduler for a failed attempt, and forgets who has refused an instance in earlier runs. */
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

/** What a refused evacuation leaves in error stays so. */
export const leaveInError: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { callActive: async () => {} }),
})

/** Whatever an instance was before the fault, it is taken for a running one. */
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

/** Nova is never asked to unlock anything. */
export const keepLocks: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { unlock: async () => {} }),
})

/** Whoever stopped an instance, it counts as stopped by Nova. */
export const ignoreUsers: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, {
    listActions: async (id, signal) =>
      (await ports.compute.listActions(id, signal)).map((action) => ({ ...action, user: null })),
  }),
})

/** Nobody remembers how often a guest was restarted. */
export const forgetRestarts: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, {
    readSnapshot: async (segment, notification, since) => ({
      ...(await ports.store.readSnapshot(segment, notification, since)),
      restarts: [],
    }),
  }),
})

/** As many evacuations at once as Nova takes: overall, off a segment, or to a target. */
export const withoutCap =
  (which: keyof Caps): Sabotage =>
  (ports) => ({
    ...ports,
    rules: { ...ports.rules, concurrency: { ...ports.rules.concurrency, [which]: 1000 } },
  })

/** Whoever disabled a compute service, it is taken for ours to enable. */
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

/** Nobody knows what the operators of a segment chose, and so every disk counts as shared. */
export const takeDisksForShared: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, {
    readSnapshot: async (segment, notification, since) => ({
      ...(await ports.store.readSnapshot(segment, notification, since)),
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

/** What we have disabled stays disabled. */
export const neverEnable: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { enable: async () => {} }),
})

/** A spare stays in the aggregates that it has joined. */
export const stayInAggregates: Sabotage = (ports) => ({
  ...ports,
  compute: withChanges(ports.compute, { leaveAggregate: async () => {} }),
})

/** A Nova that is busy is asked again at once. */
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

/** What was left on a host that is back stays as Nova stopped it. */
export const leaveStopped: Sabotage = (ports) => ({
  ...ports,
  store: withChanges(ports.store, { listLeftStopped: async () => [] }),
})

const textOf = (body: Uint8Array): string => new TextDecoder().decode(body)

const replaced = (body: Uint8Array, from: string, to: string): Uint8Array =>
  new TextEncoder().encode(textOf(body).replace(from, to))
