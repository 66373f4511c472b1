/** A cloud for the suites of the Compute port, and common steps of them. */
import type { ExecutionContext } from 'ava'
import type { ComputePort, Evacuation } from '../../actors/ports/compute.ts'
import { isCoded, type ErrorCode } from '../../schema/errors.ts'
import { hostName, instanceId, type HostName, type InstanceId } from '../../schema/ids.ts'

/** A cloud, and two hosts of it that are up, enabled and empty. */
export interface ComputeWorld extends AsyncDisposable {
  readonly compute: ComputePort
  /** An instance that may be lost. */
  readonly source: HostName
  readonly target: HostName
  /** The owner of the instances that are booted. */
  readonly project: string
  /** Wall clock of the cloud, ms. */
  wallMs(): number
  /** The id of an aggregate that hosts may join and leave. */
  aggregate(): Promise<string>
  /** Puts so many running, idle instances on the source. */
  boot(count: number): Promise<readonly InstanceId[]>
  /** Stops an instance, as its user; resolves when it is stopped and idle. */
  stop(id: InstanceId): Promise<void>
  /** Resolves when the condition holds; lets the cloud's time pass meanwhile. */
  until(what: string, condition: () => Promise<boolean>): Promise<void>
}

export const NOBODY = instanceId('00000000-0000-4000-8000-000000000000')
export const NOWHERE = hostName('no-such-host')

export async function refuses(
  t: ExecutionContext,
  code: ErrorCode,
  call: Promise<unknown>,
): Promise<void> {
  const error = await t.throwsAsync(call)
  t.true(isCoded(error, code), `${String(error)} is not ${code}`)
}

/** Isolates the source, as for a host that is certainly dead. */
export async function isolateSource({ compute, source }: ComputeWorld): Promise<void> {
  const service = await compute.findService(source)
  if (service === undefined) throw new Error(`no service on ${source}`)
  await compute.isolate(service.id, 'conformance')
}

export async function bootOne(world: ComputeWorld): Promise<InstanceId> {
  const [id] = await world.boot(1)
  if (id === undefined) throw new Error('nothing was booted')
  return id
}

export const becomes = (world: ComputeWorld, id: InstanceId, vmState: string): Promise<void> =>
  world.until(`${id} is ${vmState}`, async () => {
    const instance = await world.compute.getInstance(id)
    return instance?.vmState === vmState && instance.taskState === null
  })

/** The latest evacuation of an instance, after it has ended. */
export async function ended(
  world: ComputeWorld,
  id: InstanceId,
  sinceMs: number,
): Promise<Evacuation | undefined> {
  let found: Evacuation | undefined
  await world.until(`the evacuation of ${id} has ended`, async () => {
    const records = await world.compute.listEvacuations(world.source, sinceMs)
    found = records.find((record) => record.instance === id)
    return found !== undefined && !['accepted', 'pre-migrating'].includes(found.status)
  })
  return found
}
