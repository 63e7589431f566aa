// Every metric, one row each: the enum, the registry, the exporter and docs/metrics.md come from
// here. METRIC(id, name, kind, first label, second label, help). Names have base units; counters
// end in _total. Include with METRIC defined, as often as needed; without it the rows are nothing.
#ifndef METRIC
#define METRIC(...)
#endif
METRIC(RECORDS_READ, "soglia_records_read_total", COUNTER, PROCESSOR, TOPIC,
       "Records taken from Kafka.")
METRIC(RECORDS_WRITTEN, "soglia_records_written_total", COUNTER, PROCESSOR, TOPIC,
       "Records sent to Kafka, changelogs included.")
METRIC(DEAD_LETTERS, "soglia_dead_letters_total", COUNTER, PROCESSOR, TOPIC,
       "Records refused, by the topic they came from.")
METRIC(COMMITS, "soglia_commits_total", COUNTER, PROCESSOR, NONE, "Transactions committed.")
METRIC(ABORTS, "soglia_aborts_total", COUNTER, PROCESSOR, NONE, "Transactions aborted.")
METRIC(COMMIT_SECONDS, "soglia_commit_duration_seconds", HISTOGRAM, PROCESSOR, NONE,
       "Time from the start of a commit to its end, state included.")
METRIC(CONSUMER_LAG, "soglia_consumer_lag_records", GAUGE, PROCESSOR, TOPIC,
       "Records between the position and the end of the topic, over all assigned partitions.")
METRIC(ASSIGNED, "soglia_assigned_tasks", GAUGE, PROCESSOR, NONE, "Tasks that this process has.")
METRIC(REBALANCES, "soglia_rebalances_total", COUNTER, PROCESSOR, NONE, "Assignments received.")
METRIC(RESTORE_RECORDS, "soglia_restore_records_total", COUNTER, PROCESSOR, NONE,
       "Changelog records read to bring state up to date.")
METRIC(RESTORE_REMAINING, "soglia_restore_remaining_records", GAUGE, PROCESSOR, NONE,
       "Changelog records still to read before work begins.")
METRIC(CACHE_ENTRIES, "soglia_cache_entries", GAUGE, PROCESSOR, NONE,
       "Entries in the caches over the stores.")
METRIC(STORE_BYTES, "soglia_store_bytes", GAUGE, PROCESSOR, NONE,
       "Bytes in use in the stores' files.")
METRIC(QUOTES_LATE, "soglia_quotes_late_total", COUNTER, NONE, NONE,
       "Quotes older than the instrument's last one.")
METRIC(ALERTS, "soglia_alerts_total", COUNTER, EDGE, NONE,
       "Alerts decided, by edge, suppressed ones included.")
METRIC(ALERTS_SUPPRESSED, "soglia_alerts_suppressed_total", COUNTER, REASON, NONE,
       "Alerts recorded but kept quiet, by reason.")
METRIC(NOTIFICATIONS, "soglia_notifications_total", COUNTER, NONE, NONE, "Notifications written.")
METRIC(DELIVERIES, "soglia_deliveries_total", COUNTER, OUTCOME, NONE,
       "Delivery attempts, by outcome.")
METRIC(WEBHOOK_ATTEMPTS, "soglia_webhook_attempts_total", COUNTER, OUTCOME, NONE,
       "Webhooks sent or tried to, by outcome.")
METRIC(DELIVERY_SECONDS, "soglia_delivery_duration_seconds", HISTOGRAM, NONE, NONE,
       "Time of one delivery attempt.")
METRIC(OUTBOX, "soglia_outbox_entries", GAUGE, NONE, NONE,
       "Notifications that wait for their next attempt.")
METRIC(HTTP_REQUESTS, "soglia_http_requests_total", COUNTER, STATUS, NONE,
       "HTTP answers, by class of status.")
METRIC(HTTP_SECONDS, "soglia_http_request_duration_seconds", HISTOGRAM, NONE, NONE,
       "Time from a request's headers to the end of its answer.")
METRIC(VIEW_RECORDS, "soglia_view_records_total", COUNTER, TOPIC, NONE,
       "Records taken into the read views.")
METRIC(VIEW_REFUSED, "soglia_view_refused_total", COUNTER, TOPIC, NONE,
       "Records that the read views left out because they are not acceptable.")
METRIC(VIEW_LAG, "soglia_view_lag_records", GAUGE, TOPIC, NONE,
       "Records between the views and the end of their topics.")
METRIC(STREAMS, "soglia_streams", GAUGE, NONE, NONE, "Event streams that are open.")
METRIC(STREAM_EVENTS, "soglia_stream_events_total", COUNTER, TOPIC, NONE,
       "Events sent to streams, by the topic they came from.")
METRIC(STREAM_CUT, "soglia_streams_cut_total", COUNTER, NONE, NONE,
       "Streams ended because they fell behind the events kept in memory.")
METRIC(STREAM_GAPS, "soglia_stream_gaps_total", COUNTER, NONE, NONE,
       "Gaps that streams were told of when they came back.")
METRIC(FETCHED, "soglia_source_quotes_total", COUNTER, NONE, NONE,
       "Quotes sent by a source connector.")
METRIC(PASSWORD_SECONDS, "soglia_password_duration_seconds", HISTOGRAM, NONE, NONE,
       "Time of hashing one password.")
METRIC(PASSWORDS_WAITING, "soglia_passwords_waiting", GAUGE, NONE, NONE,
       "Passwords that wait to be hashed.")
METRIC(PASSWORDS_REFUSED, "soglia_passwords_refused_total", COUNTER, NONE, NONE,
       "Passwords that found no place to wait.")
METRIC(STATE_FREE, "soglia_state_free_bytes", GAUGE, NONE, NONE,
       "Free bytes of the file system of state.dir.")
METRIC(STATE_SIZE, "soglia_state_size_bytes", GAUGE, NONE, NONE,
       "Size in bytes of the file system of state.dir.")
METRIC(START_TIME, "soglia_start_time_seconds", GAUGE, NONE, NONE,
       "When the process began, in seconds since 1970 UTC.")
METRIC(LOG_LINES, "soglia_log_lines_total", COUNTER, LEVEL, NONE, "Log lines written, by level.")
