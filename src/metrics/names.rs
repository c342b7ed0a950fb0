//! The names of everything that `/metrics` shows, for the page, its tests, and whoever checks the
//! dashboard and the alerts against them.

pub const TURNS: &str = "backtalk_turns_total";
pub const FIRST_REPLY: &str = "backtalk_first_reply_seconds";
pub const STORE_SECONDS: &str = "backtalk_store_seconds";
pub const STORE_ERRORS: &str = "backtalk_store_errors_total";
pub const COMMIT_CONFLICTS: &str = "backtalk_commit_conflicts_total";
pub const OWED: &str = "backtalk_owed_total";
pub const LATE: &str = "backtalk_late_total";
pub const SENT: &str = "backtalk_sent_total";
pub const DUE_OVERDUE: &str = "backtalk_due_overdue_seconds";
pub const CLAIMS: &str = "backtalk_claims_total";
pub const LEASE_STEALS: &str = "backtalk_lease_steals_total";
pub const SEND_WAITING: &str = "backtalk_send_waiting";
pub const SEND_WAIT: &str = "backtalk_send_wait_seconds";
pub const SEND_BUDGET: &str = "backtalk_send_budget_available";
pub const DISPOSITIONS: &str = "backtalk_dispositions_total";
pub const SHED: &str = "backtalk_shed_total";
pub const PANICS: &str = "backtalk_panics_total";
pub const DEAD_LETTERS: &str = "backtalk_dead_letters_total";
pub const IN_FLIGHT: &str = "backtalk_updates_in_flight";
pub const LEADING: &str = "backtalk_leading";
pub const WEBHOOK_REQUESTS: &str = "backtalk_webhook_requests_total";
pub const RELOADS: &str = "backtalk_reloads_total";
pub const BUILD_INFO: &str = "backtalk_build_info";
pub const MEMORY: &str = "process_resident_memory_bytes";
pub const CPU: &str = "process_cpu_seconds_total";
pub const STARTED: &str = "process_start_time_seconds";

/// Every name, in the order of the page. A histogram is shown under its name with `_bucket`, `_sum`
/// and `_count`.
pub const ALL: &[&str] = &[
    TURNS,
    FIRST_REPLY,
    STORE_SECONDS,
    STORE_ERRORS,
    COMMIT_CONFLICTS,
    OWED,
    LATE,
    SENT,
    DUE_OVERDUE,
    CLAIMS,
    LEASE_STEALS,
    SEND_WAITING,
    SEND_WAIT,
    SEND_BUDGET,
    DISPOSITIONS,
    SHED,
    PANICS,
    DEAD_LETTERS,
    IN_FLIGHT,
    LEADING,
    WEBHOOK_REQUESTS,
    RELOADS,
    BUILD_INFO,
    MEMORY,
    CPU,
    STARTED,
];
