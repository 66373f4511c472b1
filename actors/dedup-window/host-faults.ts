/** Stores what Compute's bus says of failed hosts, as reports like those of other clients. */
import { hostName } from '../../schema/ids.ts'
import type { HostFailed } from '../../schema/messages/incident.ts'
import { MinuteQuota } from '../../schema/minute-quota.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'
import type { NotificationStore } from '../ports/store.ts'

export interface HostFaultsWorld {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly store: Pick<NotificationStore, 'acceptNotification'>
  readonly duplicateWindowMs: number
}

/** Every sender on RabbitMQ can call hosts failed that are not registered. */
const LINES_A_MINUTE_MAX = 60

export class HostFaults {
  readonly #world: HostFaultsWorld
  readonly #lines = new MinuteQuota(LINES_A_MINUTE_MAX)

  constructor(world: HostFaultsWorld) {
    this.#world = world
  }

  /** The row equals that of a client without a cluster: the sender fences nothing, and the leader looks before it acts. */
  async store({ hostName: name, publisher, occurredAt }: HostFailed): Promise<void> {
    const { store, clock, log, duplicateWindowMs } = this.#world
    const { kind } = await store.acceptNotification({
      type: 'COMPUTE_HOST',
      hostName: hostName(name),
      generatedAt: occurredAt,
      payload: { event: 'STOPPED', host_status: 'NORMAL' },
      duplicateWindowMs,
    })
    if (!this.#lines.take(clock.monotonicMs())) return
    const fields = { host: name, publisher, outcome: kind }
    if (kind === 'unknown-host')
      log.warn(fields, 'Compute calls a host failed that is not registered')
    else log.info(fields, 'Compute calls a host failed')
  }
}
