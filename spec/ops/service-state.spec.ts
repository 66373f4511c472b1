/** How a process is, for systemd: ready when its roles have begun, alive while one of them can go on. */
import test from 'ava'
import { serviceState } from '../../ops/roles/service-state.ts'
import type { ActorSnapshot } from '../../schema/messages/leadership.ts'

const actor = (path: string, state = 'works', reason: string | null = null): ActorSnapshot => ({
  path,
  state,
  reason,
  mailboxDepth: 0,
  restarts: 0,
  lastError: null,
  uptimeMs: 1,
})

interface Scene {
  readonly actors?: readonly ActorSnapshot[]
  readonly roles?: readonly string[]
  readonly epoch?: number | null
  readonly hasStarted?: boolean
  readonly isConnected?: boolean
}

const stateOf = ({
  actors = [],
  roles = ['engine'],
  epoch = null,
  hasStarted = true,
  isConnected = true,
}: Scene) =>
  serviceState({
    node: {
      system: { snapshot: () => actors } as never,
      epoch: () => epoch,
      campaigning: () => actors.some(({ path }) => path === 'lease-holder/engine'),
    },
    bus: { connected: () => isConnected },
    roles,
    hasStarted,
  })

const HOLDER = actor('lease-holder/engine')
const OBSERVER = actor('observer/hosts')
const lost = (path: string): ActorSnapshot => actor(path, 'given-up', 'crashed too often')

for (const [what, scene, expected] of [
  ['waits for its store', { hasStarted: false }, [false, true, 'engine: waits for the store']],
  ['leads', { actors: [HOLDER], epoch: 7 }, [true, true, 'engine: leads with epoch 7']],
  ['stands by', { actors: [HOLDER] }, [true, true, 'engine: stands by']],
  ['has no lease holder', {}, [true, false, 'engine: does not campaign']],
  [
    'has lost its bus',
    { actors: [HOLDER], isConnected: false },
    [true, true, 'engine: stands by; the bus is away'],
  ],
  [
    'has lost its observer beside an engine',
    { actors: [HOLDER, lost('observer/hosts')], roles: ['engine', 'host-monitor'] },
    [true, true, 'engine, host-monitor: stands by; given up: observer/hosts'],
  ],
  [
    'has lost its only observer',
    { actors: [lost('observer/hosts')], roles: ['host-monitor'] },
    [true, false, 'host-monitor: given up: observer/hosts'],
  ],
  [
    'has lost the watcher of one host',
    { actors: [OBSERVER, lost('observer/hosts/host-watcher/a')], roles: ['host-monitor'] },
    [true, true, 'host-monitor: given up: observer/hosts/host-watcher/a'],
  ],
  [
    'is blind',
    { actors: [actor('observer/hosts', 'blind', 'no anchor')], roles: ['host-monitor'] },
    [true, true, 'host-monitor: blind: no anchor'],
  ],
  ['has no hypervisor', { roles: ['instance-monitor'] }, [true, true, 'instance-monitor: works']],
  ['has no actors', { roles: ['gateway'] }, [true, true, 'gateway: works']],
] as const) {
  test(`a process that ${what} says so`, (t) => {
    const { isReady, isAlive, sentence } = stateOf(scene)
    t.deepEqual([isReady, isAlive, sentence], [...expected])
  })
}
