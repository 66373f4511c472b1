/** Options of Masakari that are accepted and have no effect, each with what happens instead. */

/** The keys are `section.option`. */
export const SUPERSEDED: Readonly<Record<string, string>> = {
  'DEFAULT.wait_period_after_service_update':
    'there is no blind wait: a fenced host is forced down, and the observed state is waited for',
  'DEFAULT.wait_period_after_evacuation':
    "an evacuation is waited for until Compute's own record of it ends",
  'DEFAULT.wait_period_after_power_off': 'the observed state of the instance is waited for',
  'DEFAULT.wait_period_after_power_on': 'the observed state of the instance is waited for',
  'DEFAULT.verify_interval': 'the pace of polls follows how fast Compute answers',
  'DEFAULT.long_rpc_timeout':
    'every Compute request has its own deadline, and moves are waited for by their record',
  'DEFAULT.process_unfinished_notifications_interval': 'unfinished notifications resume at once',
  'DEFAULT.retry_notification_new_status_interval': 'unfinished notifications resume at once',
  'DEFAULT.notification_delay_max': 'duplicates are found without a random delay',
  'host_failure.ignore_lease_seconds':
    'a host that boots is suspect, and seen alive as soon as it answers; nothing is acted on before a verdict',
  'instance_failure.recover_instance_failure_method':
    'a guest is rebooted or started, then made anew where the policy of its segment allows it',
  'DEFAULT.enabled_apis': 'the roles of a process say what it serves, see [roles] enabled',
  'DEFAULT.notification_driver': 'recoveries are the work of the role engine',
  'DEFAULT.service_down_time': 'engines know each other by a lease on the bus, see [lease]',
  'DEFAULT.report_interval': 'engines know each other by a lease on the bus, see [lease]',
  'DEFAULT.periodic_enable': 'unfinished notifications resume at once, and old ones always expire',
  'DEFAULT.periodic_interval_max':
    'unfinished notifications resume at once, and old ones always expire',
  'DEFAULT.periodic_fuzzy_delay':
    'unfinished notifications resume at once, and old ones always expire',
  'DEFAULT.check_expired_notifications_interval': 'the leader looks for expired ones all the time',
  'oslo_messaging_notifications.topics':
    'event notifications go to versioned_notifications whatever it says, as those of Masakari do',
  'coordination.backend_url': 'leadership is a lease on the bus, see [bus] and [lease]',
  'taskflow.connection': 'progress is kept in the store itself, see [database]',
  'introspectiveinstancemonitor.qemu_guest_agent_sock_path':
    "a guest's agent is found by the name of its channel, through libvirt",
  'callback.retry_max': 'a fault of a guest is reported again until the bus has taken it',
  'callback.retry_interval': 'a fault of a guest is reported again until the bus has taken it',
  'host.ipmi_retry_max': 'a suspect is looked at in bursts, see [host] monitoring_samples',
  'host.ipmi_retry_interval': 'a suspect is looked at in bursts, see [host] ipmi_minimum_spacing',
}
