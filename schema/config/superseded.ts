/** Options of Masakari that are accepted and have no effect, each with what happens instead. */

/** The keys are `section.option`. */
export const SUPERSEDED: Readonly<Record<string, string>> = {
  'DEFAULT.wait_period_after_service_update':
    'there is no fixed wait: a fenced host is forced down, and the engine waits for the observed state',
  'DEFAULT.wait_period_after_evacuation':
    "the engine waits for an evacuation until Compute's own record of it ends",
  'DEFAULT.wait_period_after_power_off': 'the engine waits for the observed state of the instance',
  'DEFAULT.wait_period_after_power_on': 'the engine waits for the observed state of the instance',
  'DEFAULT.verify_interval': 'the interval of polls depends on how fast Compute answers',
  'DEFAULT.long_rpc_timeout':
    "every Compute request has its own deadline, and the engine waits for moves by reading Compute's record",
  'DEFAULT.process_unfinished_notifications_interval': 'unfinished notifications resume at once',
  'DEFAULT.retry_notification_new_status_interval': 'unfinished notifications resume at once',
  'DEFAULT.notification_delay_max': 'duplicates are found without a random delay',
  'host_failure.ignore_lease_seconds':
    'a host that boots is suspect, and alive as soon as it answers; nothing is done before an observer calls it dead',
  'instance_failure.recover_instance_failure_method':
    'a guest is rebooted or started, and rebuilt if that fails and the policy of its segment allows it',
  'DEFAULT.enabled_apis': 'the roles of a process decide what it serves, see [roles] enabled',
  'DEFAULT.notification_driver': 'the role engine does recoveries',
  'DEFAULT.service_down_time': 'engines elect a leader by a lease on the bus, see [lease]',
  'DEFAULT.report_interval': 'engines elect a leader by a lease on the bus, see [lease]',
  'DEFAULT.periodic_enable': 'unfinished notifications resume at once, and old ones always expire',
  'DEFAULT.periodic_interval_max':
    'unfinished notifications resume at once, and old ones always expire',
  'DEFAULT.periodic_fuzzy_delay':
    'unfinished notifications resume at once, and old ones always expire',
  'DEFAULT.check_expired_notifications_interval':
    'the leader checks for expired notifications all the time',
  'oslo_messaging_notifications.topics':
    'event notifications always go to versioned_notifications, as those of Masakari do',
  'coordination.backend_url': 'leadership is a lease on the bus, see [bus] and [lease]',
  'taskflow.connection': 'progress is kept in the store, see [database]',
  'introspectiveinstancemonitor.qemu_guest_agent_sock_path':
    'libvirt finds the agent of a guest by the name of its channel',
  'callback.retry_max':
    'an instance monitor reports a fault of a guest again until the bus has accepted it',
  'callback.retry_interval':
    'an instance monitor reports a fault of a guest again until the bus has accepted it',
  'host.ipmi_retry_max': 'a suspect host is probed in bursts, see [host] monitoring_samples',
  'host.ipmi_retry_interval': 'a suspect host is probed in bursts, see [host] ipmi_minimum_spacing',
}
