//! Every setting of the program in one table: what the README shows, what `backtalk config` prints, and
//! by which a name that nobody knows is refused.

use super::ConfigError;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the environment.
    pub env: &'static str,
    /// Its flag, where it has one. What is secret has none: everybody on a machine can read the
    /// arguments of a process.
    pub flag: Option<&'static str>,
    /// What it is when nothing is said.
    pub default: &'static str,
    /// What it means.
    pub says: &'static str,
    /// Whether its value is not to be shown.
    pub is_secret: bool,
}

const fn flag(
    flag: &'static str,
    env: &'static str,
    default: &'static str,
    says: &'static str,
) -> Setting {
    Setting {
        env,
        flag: Some(flag),
        default,
        says,
        is_secret: false,
    }
}

const fn only_env(env: &'static str, default: &'static str, says: &'static str) -> Setting {
    Setting {
        env,
        flag: None,
        default,
        says,
        is_secret: false,
    }
}

const fn secret(env: &'static str, default: &'static str, says: &'static str) -> Setting {
    Setting {
        env,
        flag: None,
        default,
        says,
        is_secret: true,
    }
}

/// All settings of `backtalk run`.
pub const SETTINGS: [Setting; 20] = [
    secret("TELOXIDE_TOKEN", "", "the bot token; it is never printed"),
    only_env(
        "TELOXIDE_API_URL",
        "https://api.telegram.org",
        "another address of the Bot API, such as a local server",
    ),
    Setting {
        // Addresses may hold passwords; what is printed of them does not.
        is_secret: true,
        ..flag(
            "--store",
            "BACKTALK_STORE",
            "",
            "where records are kept: the path of a file, the address of a Redis, or `memory`; see [Stores](#stores)",
        )
    },
    Setting {
        is_secret: true,
        ..flag(
            "--redis-url",
            "REDIS_URL",
            "",
            "the address of a Redis, where no store is given. Without either, the file `$XDG_STATE_HOME/backtalk/backtalk.sqlite`, or `~/.local/state/backtalk/backtalk.sqlite`",
        )
    },
    flag(
        "--redis-prefix",
        "BACKTALK_REDIS_PREFIX",
        "backtalk",
        "how every key of this bot begins in Redis; another for each bot",
    ),
    flag(
        "--redis-wait",
        "BACKTALK_REDIS_WAIT",
        "1 behind Sentinels, else 0",
        "how many replicas must have a change before its update is acknowledged",
    ),
    secret(
        "BACKTALK_KEY",
        "",
        "the keys that records are encrypted with, newest first, apart by commas; see [Encryption](#encryption)",
    ),
    flag(
        "--keep-days",
        "BACKTALK_KEEP_DAYS",
        "90",
        "for how many days after the last message records are kept, as people are told before the first question: 1 to 3650",
    ),
    flag(
        "--per-second",
        "BACKTALK_PER_SECOND",
        "30",
        "how many messages a second go out over all chats and all processes",
    ),
    flag(
        "--access",
        "BACKTALK_ACCESS",
        "open",
        "who may talk to the bot: `open` (everybody) or `invited`",
    ),
    Setting {
        is_secret: true,
        ..flag(
            "--allowed",
            "BACKTALK_ALLOWED",
            "",
            "with `invited`: Telegram ids that need no invitation, with commas between",
        )
    },
    flag(
        "--webhook-url",
        "BACKTALK_WEBHOOK_URL",
        "",
        "the address that Telegram posts updates to, such as `https://bot.example.org/telegram`, the same for all processes; without it the bot polls",
    ),
    secret(
        "BACKTALK_WEBHOOK_SECRET",
        "made from the token",
        "what Telegram sends with each update: 16 to 256 letters, digits, `_` and `-`, the same for all processes",
    ),
    flag(
        "--webhook-connections",
        "BACKTALK_WEBHOOK_CONNECTIONS",
        "40",
        "how many updates Telegram may post at once: 1 to 100",
    ),
    flag(
        "--listen",
        "BACKTALK_LISTEN",
        "",
        "where to listen for Telegram's posts, `/healthz`, `/readyz` and `/metrics`, such as `0.0.0.0:8080`",
    ),
    flag(
        "--dialogues",
        "BACKTALK_DIALOGUES",
        "",
        "a folder with dialogue files; without it those built into the program",
    ),
    flag(
        "--dialogue",
        "BACKTALK_DIALOGUE",
        "back_spasm",
        "the dialogue in that folder",
    ),
    only_env(
        "BACKTALK_HEARTBEAT",
        "backtalk.alive where temporary files are",
        "the file with the sign of life, which `backtalk health` and `backtalk reload` read; another for each bot on a machine",
    ),
    only_env(
        "BACKTALK_LOG",
        "info",
        "`error`, `warn`, `info`, `debug` or `trace`; logs go to standard error and never carry an answer",
    ),
    only_env(
        "BACKTALK_LOG_FORMAT",
        "text",
        "`text`, or `json` with one object a line",
    ),
];

/// Names that begin as ours do and are read by tests and by scripts alone.
const OF_TESTS: [&str; 5] = [
    "BACKTALK_DIE_AT",
    "BACKTALK_ACCEPT",
    "BACKTALK_BASE",
    "BACKTALK_SOAK_SEED",
    "BACKTALK_SOAK_PEOPLE",
];

/// How the names begin that Kubernetes gives to whatever runs beside a service called `backtalk`.
const OF_KUBERNETES: [&str; 2] = ["BACKTALK_SERVICE_", "BACKTALK_PORT"];

/// Refuse a name in the environment that begins as ours do and is none: what somebody meant to say
/// with it would not hold.
pub fn refuse_unknown(names: impl IntoIterator<Item = String>) -> Result<(), ConfigError> {
    for name in names {
        let is_ours = name.starts_with("BACKTALK_");
        let is_known = SETTINGS.iter().any(|s| s.env == name) || OF_TESTS.contains(&&*name);
        let is_of_others = OF_KUBERNETES.iter().any(|start| name.starts_with(start));
        if is_ours && !is_known && !is_of_others {
            let near = |s: &&Setting| strsim::damerau_levenshtein(s.env, &name);
            let nearest = SETTINGS.iter().min_by_key(near).map_or("", |s| s.env);
            return Err(ConfigError::UnknownSetting {
                name,
                nearest: nearest.to_owned(),
            });
        }
    }
    Ok(())
}

/// The table as the README shows it.
pub fn markdown() -> String {
    let mut out = String::from("| setting | default | meaning |\n|---|---|---|\n");
    for s in SETTINGS {
        let flag = s.flag.map_or(String::new(), |flag| format!("`{flag}`, "));
        let default = match s.default {
            "" => String::new(),
            words if words.contains(' ') => words.to_owned(),
            value => format!("`{value}`"),
        };
        out += &format!("| {flag}`{}` | {default} | {} |\n", s.env, s.says);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_knows_is_refused_with_the_one_that_was_meant() {
        let check = |name: &str| refuse_unknown([name.to_owned()]).map_err(|e| e.to_string());
        for known in [
            "BACKTALK_KEY",
            "BACKTALK_DIE_AT",
            "PATH",
            "BACKTALK_SERVICE_HOST",
            "BACKTALK_PORT_8080_TCP",
        ] {
            assert_eq!(check(known), Ok(()), "{known}");
        }
        let said = check("BACKTALK_WEBHOK_URL").unwrap_err();
        assert!(said.contains("BACKTALK_WEBHOOK_URL"), "{said}");
    }

    #[test]
    fn the_readme_has_the_table_as_it_is() {
        assert!(
            include_str!("../../README.md").contains(&markdown()),
            "put this into the README:\n{}",
            markdown()
        );
    }
}
