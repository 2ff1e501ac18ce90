"""Every metric, named once; labels are topics, groups and parts, never people."""

from prometheus_client import Counter, Gauge, Histogram

CONSUMED = Counter("kc_consumed_total", "Records whose effects are done.", ["topic", "group"])
DEAD = Counter("kc_dead_total", "Records moved to the dead topic.", ["topic", "group"])
PASSED_OVER = Counter(
    "kc_passed_over_total",
    "Records that are not for this group: unknown, unwanted or empty.",
    ["topic", "group", "why"],
)
RETRIED = Counter("kc_retried_total", "Attempts that failed and were made again.", ["topic", "group"])
PAUSED = Gauge("kc_paused_partitions", "Partitions that wait for a transient fault to pass.", ["topic", "group"])
COMMITS_FAILED = Counter("kc_commits_failed_total", "Offset commits refused or not answered.", ["topic", "group"])
HANDLED_SECONDS = Histogram(
    "kc_batch_seconds",
    "From a batch's arrival to its commit.",
    ["topic", "group"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LAG = Gauge("kc_lag", "Records written but not yet committed by the group.", ["topic", "group", "partition"])
LAST_EVENT_SECONDS = Gauge("kc_last_event_timestamp_seconds", "Time of the newest event handled.", ["topic", "group"])

HALTED = Gauge("kc_inflow_halted", "1 while too many dead records keep a service from reading.", ["service"])
GROUP_LAG = Gauge(
    "kc_group_lag", "Records that a group has not done, as stats sees it from outside.", ["topic", "group"]
)
GROUP_AGE = Gauge("kc_group_oldest_seconds", "Age of the oldest record that a group has not done.", ["topic", "group"])

PUBLISHED = Counter("kc_published_total", "Events that Kafka acknowledged.", ["topic"])
PUBLISH_FAILED = Counter("kc_publish_failed_total", "Publications that were not acknowledged in time.", ["source"])
PUBLISH_SECONDS = Histogram(
    "kc_publish_seconds",
    "From send to acknowledgement of a publication.",
    ["source"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
LOG_SILENT = Gauge("kc_log_silent", "1 while Kafka is taken to be silent and calls are spooled at once.", ["source"])
PRODUCERS_REPLACED = Counter("kc_producers_replaced_total", "Producers given up and made anew.", ["source"])

OUTBOX_DEPTH = Gauge("kc_outbox_depth", "Events that wait in the outbox.", ["outbox"])
OUTBOX_RELAYED = Counter("kc_outbox_relayed_total", "Events moved from the outbox to Kafka.", ["outbox"])

TABLE_KEYS = Gauge("kc_table_keys", "Keys of a whole table in memory.", ["topic"])
TABLE_SKIPPED = Counter("kc_table_skipped_total", "Table records that could not be read.", ["topic"])

ROUTER_WAITING = Gauge("kc_router_waiting", "Contacts that nobody has accepted.", ["queue", "channel"])
ROUTER_OLDEST = Gauge("kc_router_oldest_seconds", "How long the oldest of a queue has waited.", ["queue"])
ROUTER_READY = Gauge("kc_router_ready_agents", "Ready agents who could take from a queue.", ["queue"])
ROUTER_OFFERED = Gauge("kc_router_offered", "Offers that nobody has answered yet.")
ROUTER_HELD = Gauge("kc_router_held", "Contacts that agents have accepted and not ended.")
ROUTER_DRIFT = Gauge("kc_router_drift", "Contradictions between leases, what agents hold and contacts; should be 0.")
ROUTER_EVENTS = Counter("kc_router_events_total", "What happened in the queues, by the type of its event.", ["type"])

CALL_TURNS = Counter("kc_call_turns_total", "What callers heard next.", ["turn"])

MAILBOX_WAITING = Gauge("kc_mailbox_waiting", "Mails that lie in the inbox and are not taken in yet.", ["mailbox"])
MAILBOX_OLD = Gauge("kc_mailbox_old", "Old mails in the inbox that are taken in quietly after the others.", ["mailbox"])
MAILBOX_WELL = Gauge("kc_mailbox_well", "1 while the inbox is read, 0 while it cannot be.", ["mailbox"])
MAILBOX_TAKEN = Counter("kc_mailbox_taken_total", "Mails taken in and moved away.", ["mailbox"])
MAILBOX_LOOK = Gauge("kc_mailbox_look_timestamp_seconds", "When the inbox was last asked what lies in it.", ["mailbox"])
FILES_SCANNED = Counter("kc_files_scanned_total", "What the virus scanner said of files.", ["scan"])
FILES_UNSCANNED = Gauge("kc_files_unscanned", "Files and mails that wait for a verdict of the virus scanner.")
MAIL_OUTCOMES = Counter("kc_mail_outcomes_total", "Mails by what became of each.", ["outcome"])
MAIL_DIFFERENCES = Gauge(
    "kc_mail_differences", "Mails about which mailbox and ledger disagree; should be 0.", ["mailbox", "kind"]
)
MAIL_CHECKED = Gauge(
    "kc_mail_checked_timestamp_seconds", "When a mailbox was last compared with the ledger.", ["mailbox"]
)
MAILS_OUT = Counter("kc_mails_out_total", "What became of attempts to send a mail.", ["kind", "outcome"])

EXCHANGE = Counter(
    "kc_exchange_total", "What a telephone exchange said of calls, and what came of it.", ["event", "what"]
)
CALLS_UNHEARD = Counter("kc_calls_ended_unheard_total", "Calls whose end nobody told us of, by what found it.", ["by"])
CALLS_ENDED = Counter("kc_calls_ended_total", "Calls by how they ended: talked, abandoned, abandoned_short.", ["how"])
RETURN_CALLS_RUNG = Counter(
    "kc_return_calls_rung_total",
    "Accepted return calls by what came of ringing them: rung, failed, late, no_phone, no_provider.",
    ["result"],
)

REFUSED = Counter("kc_refused_total", "Requests that a door refused before it read what they say.", ["door", "reason"])
SIGNED = Counter("kc_webhook_signed_total", "Form webhooks by the name of the key that signed them.", ["key"])

PLATFORM_WELL = Gauge("kc_platform_well", "1 while an e-service platform is read, 0 while it cannot be.", ["platform"])
PLATFORM_LOOK = Gauge(
    "kc_platform_look_timestamp_seconds", "When an e-service platform was last read to the end.", ["platform"]
)
PLATFORM_TAKEN = Counter(
    "kc_platform_taken_total", "Submissions read from an e-service platform, by what became of each.",
    ["platform", "outcome"],
)  # fmt: skip
PLATFORM_PENDING = Gauge(
    "kc_platform_pending", "Submissions that are put off: unreadable or before their case.", ["platform"]
)
PLATFORM_ANSWERED = Counter(
    "kc_platform_answered_total", "Attempts to tell an e-service platform something, by what came of it.",
    ["platform", "what", "outcome"],
)  # fmt: skip
PLATFORM_WAITING = Gauge("kc_platform_waiting", "What an e-service platform is still to be told.", ["platform"])

LOOP_RESTARTS = Counter("kc_loop_restarts_total", "Background loops that failed and were started again.", ["loop"])
