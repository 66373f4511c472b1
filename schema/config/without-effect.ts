/** Options of Masakari's libraries that are accepted and have no effect, each with the reason. */

interface Group {
  readonly section: string
  /** Separated by blanks. */
  readonly options: string
  readonly reason: string
}

const LOG = 'lines go to stderr as JSON, and the service manager keeps them; see [log] level'
const RPC = 'there are no remote calls over RabbitMQ, so there are no queues for their answers'
const TOKENS =
  'the result of a token check stays in the memory of this process, for 5 minutes at most; nothing is kept in memcached'
const SERVICE_TOKENS = "the caller's own token must be valid; service tokens are not checked"
const LINK =
  'a broken connection to RabbitMQ is found within 20 s, and the process reconnects without a limit, with growing pauses'
const DATABASE =
  'each caller repeats its request to a failing database without a limit; a broken connection is replaced'

const GROUPS: readonly Group[] = [
  {
    section: 'DEFAULT',
    options:
      'debug verbose log_file log_dir log_config_append log_date_format log_color use_journal use_json use_syslog ' +
      'syslog_log_facility use_stderr use_eventlog watch_log_file log_rotate_interval log_rotate_interval_type ' +
      'max_logfile_count max_logfile_size_mb log_rotation_type default_log_levels publish_errors ' +
      'logging_context_format_string logging_default_format_string logging_debug_format_suffix ' +
      'logging_exception_prefix logging_user_identity_format instance_format instance_uuid_format ' +
      'rate_limit_interval rate_limit_burst rate_limit_except_level fatal_deprecations',
    reason: LOG,
  },
  {
    section: 'DEFAULT',
    options:
      'rpc_response_timeout rpc_conn_pool_size conn_pool_min_size conn_pool_ttl executor_thread_pool_size ' +
      'rpc_workers masakari_topic rpc_ping_enabled',
    reason: RPC,
  },
  {
    section: 'DEFAULT',
    options: 'control_exchange',
    reason: 'events go to the exchange masakari, and [bridge] exchange names that of Nova',
  },
  {
    section: 'DEFAULT',
    options: 'state_path pybasedir bindir',
    reason:
      'state that must survive a restart is in the database and in the state_directory of [ssh]',
  },
  {
    section: 'DEFAULT',
    options: 'masakari_api_workers wsgi_log_format tcp_keepidle client_socket_timeout',
    reason:
      'each process serves the API alone: for more workers, start more processes; every request has a deadline',
  },
  {
    section: 'wsgi',
    options:
      'api_paste_config wsgi_log_format tcp_keepidle default_pool_size max_header_line keep_alive ' +
      'client_socket_timeout',
    reason: 'the processing of requests and its limits are fixed',
  },
  {
    section: 'oslo_concurrency',
    options: 'lock_path disable_process_locking',
    reason: 'locks are rows of the database and the lease on the bus, not files',
  },
  {
    section: 'database',
    options:
      'connection_recycle_time max_retries retry_interval use_db_reconnect db_retry_interval ' +
      'db_inc_retry_interval db_max_retry_interval db_max_retries',
    reason: DATABASE,
  },
  {
    section: 'database',
    options: 'pool_timeout',
    reason:
      'a request waits 6 s for a free connection, so that a leader notices the shortage in time',
  },
  {
    section: 'database',
    options:
      'min_pool_size backend sqlite_synchronous mysql_sql_mode connection_debug connection_trace',
    reason: 'the URL says which database it is, and the settings of the session are fixed',
  },
  {
    section: 'keystone_authtoken',
    options:
      'memcached_servers memcache_security_strategy memcache_secret_key memcache_use_advanced_pool ' +
      'memcache_pool_dead_retry memcache_pool_maxsize memcache_pool_socket_timeout ' +
      'memcache_pool_unused_timeout memcache_pool_conn_get_timeout memcache_sasl_enabled memcache_username ' +
      'memcache_password memcache_tls_enabled memcache_tls_cafile memcache_tls_certfile memcache_tls_keyfile ' +
      'memcache_tls_allowed_ciphers token_cache_time cache revocation_cache_time',
    reason: TOKENS,
  },
  {
    section: 'keystone_authtoken',
    options: 'service_token_roles service_token_roles_required',
    reason: SERVICE_TOKENS,
  },
  {
    section: 'keystone_authtoken',
    options: 'service_type',
    reason: 'a token with access rules for some services is always refused',
  },
  {
    section: 'keystone_authtoken',
    options: 'region_name interface auth_version min_version max_version',
    reason: 'tokens are checked at auth_url itself, with version 3',
  },
  {
    section: 'keystone_authtoken',
    options:
      'http_connect_timeout http_request_max_retries include_service_catalog timeout collect_timing split_loggers',
    reason: 'each request to Keystone has its own deadline and is repeated until then',
  },
  {
    section: 'keystone_authtoken',
    options: 'signing_dir hash_algorithms check_revocations_for_cached enforce_token_bind',
    reason: 'they concern tokens that Keystone has not issued since Train',
  },
  {
    section: 'keystone_authtoken',
    options: 'delay_auth_decision',
    reason: 'a request that needs a token is always refused without one',
  },
  {
    section: 'oslo_policy',
    options: 'policy_default_rule',
    reason: 'every action has a rule of its own',
  },
  {
    section: 'oslo_policy',
    options: 'enforce_scope enforce_new_defaults',
    reason:
      'the rules of this product name the scope that they need; readers of the system scope may read',
  },
  {
    section: 'oslo_messaging_notifications',
    options: 'retry',
    reason: 'events wait in a bounded buffer until RabbitMQ takes them',
  },
  {
    section: 'oslo_messaging_rabbit',
    options:
      'use_queue_manager hostname processname rabbit_stream_fanout rabbit_transient_quorum_queue ' +
      'rabbit_transient_queues_ttl direct_mandatory_flag kombu_missing_consumer_retry_timeout ' +
      'rpc_conn_pool_size conn_pool_min_size conn_pool_ttl',
    reason: RPC,
  },
  {
    section: 'oslo_messaging_rabbit',
    options:
      'heartbeat_in_pthread heartbeat_timeout_threshold heartbeat_rate rabbit_retry_interval ' +
      'rabbit_retry_backoff rabbit_interval_max kombu_reconnect_delay kombu_reconnect_splay ' +
      'kombu_failover_strategy enable_cancel_on_failover',
    reason: LINK,
  },
  {
    section: 'oslo_messaging_rabbit',
    options: 'rabbit_qos_prefetch_count',
    reason: 'the bridge takes at most 64 messages at a time',
  },
  {
    section: 'oslo_messaging_rabbit',
    options: 'kombu_compression',
    reason: 'messages are sent uncompressed; compressed messages are accepted',
  },
]

/** The keys are `section.option`. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = Object.fromEntries(
  GROUPS.flatMap(({ section, options, reason }) =>
    options.split(' ').map((option) => [`${section}.${option}`, reason]),
  ),
)
