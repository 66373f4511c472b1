/** What a process needs to be ready, for `/health/ready`. */
import { GIVEN_UP } from '../../actors/kernel/cell.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError } from '../../schema/errors.ts'
import { hostName } from '../../schema/ids.ts'
import type { World } from '../ports.ts'
import { busReadiness, type BusReadinessWorld } from './bus-readiness.ts'
import { busChecks } from './needs.ts'
import type { Node } from './node.ts'

interface Links {
  readonly node: Node
  readonly bridge: { connected(): boolean } | undefined
}

/** The checks of a process with a store. */
export function readinessOf(
  world: World & BusReadinessWorld,
  config: Config,
  { node, bridge }: Links,
): readonly ReadinessCheck[] {
  const { store, bus, compute, hasAccount, checkCredentials } = world
  return [
    { name: 'store', need: 'vital', check: () => store.ping() },
    ...(checkCredentials === undefined
      ? []
      : [{ name: 'credentials', need: 'vital' as const, check: checkCredentials }]),
    connected('bus', () => bus.connected()),
    ...(hasAccount ? [computeCheck(compute)] : []),
    ...busReadiness(world, config),
    ...(bridge === undefined ? [] : [connected('bridge', () => bridge.connected())]),
    actorsCheck(node),
  ]
}

/** The checks of a process without a store. */
export function storelessReadiness(
  bus: BusPort,
  { bus: { cloud }, node: { roles } }: Config,
  { node, bridge }: Links,
): readonly ReadinessCheck[] {
  return [
    connected('bus', () => bus.connected()),
    ...busChecks(bus, cloud, roles),
    ...(bridge === undefined ? [] : [connected('bridge', () => bridge.connected())]),
    actorsCheck(node),
  ]
}

const connected = (name: string, is: () => boolean): ReadinessCheck => ({
  name,
  need: 'vital',
  check: async () => {
    if (!is()) throw new CodedError('BUS_UNAVAILABLE', 'not connected')
  },
})

/**
 * The readiness check asks Compute for this name to see whether Compute answers. No host has it.
 */
const NOBODY = hostName('instance-ha-readiness-check')

const computeCheck = (compute: ComputePort): ReadinessCheck => ({
  name: 'compute',
  need: 'vital',
  check: async () => void (await compute.findService(NOBODY)),
})

/** A branch that is given up does not hinder the others, so it is only shown. */
const actorsCheck = ({ system }: Node): ReadinessCheck => ({
  name: 'actors',
  need: 'dispensable',
  check: async () => {
    const givenUp = system.snapshot().filter(({ state }) => state === GIVEN_UP)
    if (givenUp.length === 0) return
    const paths = givenUp.slice(0, SHOWN_MAX).map(({ path }) => path)
    const text = `${givenUp.length} actors have crashed too often: ${paths.join(', ')}`
    throw new CodedError('NOT_READY', text)
  },
})

const SHOWN_MAX = 5
