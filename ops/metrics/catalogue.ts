/**
 * Every metric of a process. `ops/docs/metrics.md` shows this table, and a spec compares the two. No label has a value that
 * depends on a host, an instance or a notification, so the number of series is bounded.
 */

/** One metric, as Prometheus sees it. */
export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** What the value counts. */
  readonly unit: 'seconds' | 'count' | 'yes or no'
  readonly help: string
  /** Upper bounds of a histogram, seconds. */
  readonly buckets?: readonly number[]
}

/** Requests to other services and to hosts. */
const REQUESTS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Calls to the store and writes of the lease. */
const CALLS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
/** Steps of a recovery. */
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600]

const counter = <const Labels extends readonly string[]>(help: string, ...labels: Labels) =>
  ({ type: 'counter', labels, unit: 'count', help }) as const
const gauge = <const Labels extends readonly string[]>(help: string, ...labels: Labels) =>
  ({ type: 'gauge', labels, unit: 'count', help }) as const
const isSo = <const Labels extends readonly string[]>(help: string, ...labels: Labels) =>
  ({ type: 'gauge', labels, unit: 'yes or no', help }) as const
const seconds = <const Labels extends readonly string[]>(
  help: string,
  buckets: readonly number[],
  ...labels: Labels
) => ({ type: 'histogram', labels, unit: 'seconds', help, buckets }) as const

export const METRICS = {
  instance_ha_role: isSo('1 for each role that this process plays.', 'role'),
  instance_ha_processes: gauge(
    'Processes of the cloud that this process hears on the bus, itself included: here, or gone for less than ten minutes.',
    'role',
    'presence',
  ),
  instance_ha_broker_linked: isSo(
    'Whether a broker beside our own bus is linked: compute-broker or event-broker.',
    'broker',
  ),
  instance_ha_event_loop_delay_p99_seconds: {
    ...gauge('99th percentile of the delay of the event loop since the last scrape.'),
    unit: 'seconds',
  },
  instance_ha_event_loop_stalls_total: counter(
    'Times that the event loop stood still for over one second.',
  ),

  instance_ha_actor_crashes_total: counter('Crashes of actors.'),
  instance_ha_actors_given_up: gauge(
    'Actors that have crashed too often and are out of work now.',
    'kind',
  ),
  instance_ha_mailbox_depth_max: gauge(
    'Messages in the fullest mailbox of a kind of actor.',
    'kind',
  ),
  instance_ha_dead_letters_total: counter('Messages that no actor received.', 'reason'),

  instance_ha_leading: isSo('Whether this engine leads.'),
  instance_ha_epoch: gauge('The epoch with which this engine leads; 0 while it does not.'),
  instance_ha_leadership_changes_total: counter(
    'Terms of this engine that began or ended.',
    'change',
  ),
  instance_ha_lease_write_seconds: seconds('Writes of the lease.', CALLS, 'operation', 'result'),

  instance_ha_hosts_watched: gauge(
    'Hosts that this monitor watches, by what it says of them.',
    'state',
  ),
  instance_ha_host_verdicts_total: counter('Changes of what this monitor says of a host.', 'state'),
  instance_ha_host_suspicion_seconds: seconds(
    'From the suspicion to the verdict that a host is dead.',
    STEPS,
  ),
  instance_ha_host_silence_seconds: seconds(
    'From the last time that a host was said to be alive to the verdict that it is dead.',
    STEPS,
  ),
  instance_ha_observer_blind: isSo('Whether this monitor sees too little to report a host dead.'),
  instance_ha_ssh_probe_seconds: seconds('Probes of hosts over SSH.', REQUESTS, 'result'),
  instance_ha_power_request_seconds: seconds(
    'Requests to BMCs.',
    REQUESTS,
    'channel',
    'operation',
    'result',
  ),

  instance_ha_quorum_seconds: seconds(
    "From the first observer's word that a host is dead to the notification that the leader stores for it.",
    STEPS,
  ),
  instance_ha_contradictions_total: counter(
    'Reports of faults that a look of the leader itself refuted.',
  ),
  instance_ha_strangers_total: counter(
    'Observations of hosts or by observers that are not registered.',
  ),
  instance_ha_parked_messages_total: counter('Messages that could not be decoded.'),

  instance_ha_faults_total: counter(
    'Reports of faults that were offered to the store.',
    'type',
    'result',
  ),
  instance_ha_fault_deliveries_total: counter('Deliveries of the fault stream.', 'result'),
  instance_ha_fault_lag_seconds: seconds(
    'From the sending of a fault to its acknowledgement, by the wall clocks of both.',
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600],
  ),
  instance_ha_notifications_unfinished: gauge(
    'Notifications that have not ended, as the leader read them last.',
    'status',
  ),
  instance_ha_spool_depth: gauge(
    'Faults of guests that wait on the disk until the bus accepts them.',
  ),

  instance_ha_recoveries: gauge('Recoveries of this leader, by their state.', 'state'),
  instance_ha_recovery_seconds: seconds(
    'From the first act of a recovery to its end.',
    STEPS,
    'type',
    'result',
  ),
  instance_ha_fence_seconds: seconds('From the first rung of a fence to its end.', STEPS, 'result'),
  instance_ha_fence_rung_seconds: seconds(
    'Time on one rung of a fence plan.',
    STEPS,
    'rung',
    'result',
  ),
  instance_ha_fence_program_seconds: seconds(
    'Runs of fence agents and commands.',
    REQUESTS,
    'kind',
    'operation',
    'result',
  ),
  instance_ha_move_attempts_total: counter('Evacuations that were requested for an instance.'),
  instance_ha_move_seconds: seconds(
    'From the first request for an instance to its end.',
    STEPS,
    'result',
  ),

  instance_ha_openstack_request_seconds: seconds(
    'Calls to Nova and Placement, repetitions included.',
    REQUESTS,
    'service',
    'operation',
    'result',
  ),
  instance_ha_store_call_seconds: seconds(
    'Calls to the store, retries included.',
    CALLS,
    'operation',
    'result',
  ),
  instance_ha_store_retries_total: counter('Transactions that were tried again after a conflict.'),

  instance_ha_bus_connected: isSo('Whether the bus is connected.'),
  instance_ha_bus_reconnects_total: counter(
    'Times that the bus was connected again, by a look each second.',
  ),
  instance_ha_bus_hindrances: gauge('What does not work although the bus is connected.', 'kind'),

  instance_ha_spans_total: counter(
    'Spans that were sent to the collector of traces, or lost.',
    'result',
  ),
} as const satisfies Readonly<Record<string, MetricDeclaration>>

export type MetricName = keyof typeof METRICS
/** A value for each label of a metric. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['labels'][number], string>
>
type OfType<Type extends MetricDeclaration['type']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never
}[MetricName]
export type CounterName = OfType<'counter'>
export type GaugeName = OfType<'gauge'>
export type HistogramName = OfType<'histogram'>
