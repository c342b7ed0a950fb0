//! Settings of the program, from flags and environment. Secrets do not print.

pub mod table;
pub mod webhook;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::dialogue::KEEP_DAYS;
use crate::heartbeat;
use crate::store::redis::address::{Address, AddressError};
use crate::store::seal::{KeyError, Keyring};
pub use webhook::Webhook;

/// Messages a second over all chats, by the Bot API's FAQ.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// A bot token and where the Bot API is.
#[derive(Debug)]
pub struct Telegram {
    /// The token.
    pub token: SecretString,
    /// Another address of the Bot API, for a local server or a test.
    pub api_url: Option<String>,
    /// Messages a second over all chats and all processes.
    pub per_second: NonZeroU32,
    /// The file with the sign of life, which `backtalk health` reads.
    pub heartbeat: PathBuf,
    /// Where the program listens for HTTP, if anywhere.
    pub listen: Option<SocketAddr>,
    /// How updates come, if not by polling.
    pub webhook: Option<Webhook>,
}

/// A setting that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// There is no token.
    #[error(
        "There is no bot token. Ask @BotFather in Telegram for one (/newbot) and set TELOXIDE_TOKEN to it.\n\
         To try Backtalk without Telegram, run: backtalk chat"
    )]
    NoToken,
    /// The token cannot be one.
    #[error(
        "TELOXIDE_TOKEN does not look like a bot token (numbers, a colon, then 30 or more letters). Copy it again from @BotFather.\n\
         To try Backtalk without Telegram, run: backtalk chat"
    )]
    BadToken,
    /// The address cannot be one.
    #[error("TELOXIDE_API_URL is not an address. It looks like https://api.telegram.org")]
    BadUrl,
    /// The store cannot be what was given. Only the part before `://` is shown.
    #[error(
        "A store cannot begin with `{0}://`. Give --store the path of a file, such as backtalk.sqlite, or the address of \
         a Redis: {schemes}, or `memory`.", schemes = SCHEMES.join(", ")
    )]
    BadStore(String),
    /// Records cannot be kept for so long, or so short.
    #[error(
        "--keep-days (or BACKTALK_KEEP_DAYS) is for how many days after the last message records are kept: a whole number from 1 to {MOST_KEEP_DAYS}. They are never kept for ever."
    )]
    BadKeepDays,
    /// Who may talk to the bot is said in words that we do not know.
    #[error("--access (or BACKTALK_ACCESS) is `open` or `invited`, not `{0}`.")]
    BadAccess(String),
    /// A number of a person that cannot be one.
    #[error(
        "--allowed (or BACKTALK_ALLOWED) lists people by their Telegram ids, such as 1234567,7654321. `{0}` is none."
    )]
    BadAllowed(String),
    /// People are listed, but everybody may come.
    #[error(
        "BACKTALK_ALLOWED lists people, but everybody may talk to the bot. Set BACKTALK_ACCESS=invited too, or take the list away."
    )]
    AllowedButOpen,
    /// A user name that cannot be one.
    #[error(
        "--username is the name of the bot without the @: 5 to 32 letters, digits and underscores."
    )]
    BadUsername,
    /// The address of a webhook cannot be one.
    #[error(
        "BACKTALK_WEBHOOK_URL is where Telegram posts updates to, such as https://bot.example.org/telegram: with https, on port 443, 80, 88 or 8443, and without ? or #. Plain http is only for a Bot API server of your own (TELOXIDE_API_URL) or this machine."
    )]
    BadWebhook,
    /// The path of a webhook means something else here.
    #[error(
        "BACKTALK_WEBHOOK_URL needs a path of its own, such as https://bot.example.org/telegram: not /, /healthz, /readyz or /metrics."
    )]
    WebhookPath,
    /// A secret that Telegram would refuse, or that is short.
    #[error(
        "BACKTALK_WEBHOOK_SECRET is 16 to 256 letters, digits, _ and -. Leave it out to have one made from the bot token, the same for every process."
    )]
    BadWebhookSecret,
    /// Something of a webhook is said, but not where it is.
    #[error("{0} is set, but there is no webhook: set BACKTALK_WEBHOOK_URL too, or take it away.")]
    NoWebhook(&'static str),
    /// Nobody would hear Telegram.
    #[error(
        "BACKTALK_WEBHOOK_URL is set, but the program listens nowhere: set --listen or BACKTALK_LISTEN, such as 0.0.0.0:8080."
    )]
    NoListen,
    /// A name in the environment that begins as ours do, and is none.
    #[error(
        "{name} is no setting of Backtalk. Did you mean {nearest}? `backtalk config` lists them all; take the others away."
    )]
    UnknownSetting {
        /// What is there.
        name: String,
        /// The setting that is nearest to it.
        nearest: String,
    },
    /// Something is said of Redis, but records are kept elsewhere.
    #[error(
        "{0} is set, but records are not kept in Redis: give a Redis with --store or REDIS_URL, or take it away."
    )]
    NoRedis(&'static str),
    /// A level or a format of logs that there is not.
    #[error("{name} is `{value}`, which it cannot be. It is one of: {known}.")]
    BadLog {
        /// The setting.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        known: String,
    },
    /// The address of a Redis is none.
    #[error("REDIS_URL is not the address of a Redis. It looks like redis://localhost:6379")]
    BadRedis,
    /// The address of a Redis cannot be read.
    #[error(transparent)]
    BadAddress(#[from] AddressError),
    /// A key cannot be used.
    #[error(transparent)]
    BadKey(#[from] KeyError),
}

/// Read the token and the address.
pub fn telegram(token: Option<String>, api_url: Option<String>) -> Result<Telegram, ConfigError> {
    let token = token
        .filter(|t| !t.trim().is_empty())
        .ok_or(ConfigError::NoToken)?;
    let token = token.trim();
    let (id, secret) = token.split_once(':').ok_or(ConfigError::BadToken)?;
    let well_formed = !id.is_empty()
        && id.chars().all(|c| c.is_ascii_digit())
        && secret.len() >= 30
        && secret
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !well_formed {
        return Err(ConfigError::BadToken);
    }
    if let Some(url) = &api_url
        && !(url.starts_with("http://") || url.starts_with("https://"))
    {
        return Err(ConfigError::BadUrl);
    }
    Ok(Telegram {
        token: token.to_owned().into(),
        api_url,
        per_second: PER_SECOND,
        heartbeat: heartbeat::file(std::env::var_os(heartbeat::SETTING).map(PathBuf::from)),
        listen: None,
        webhook: None,
    })
}

/// Who may talk to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Whoever came with an invitation.
    Invited {
        /// And these, by the number of their private chat.
        listed: BTreeSet<i64>,
    },
}

/// Who may talk to the bot, from the words of `--access` and the numbers of `--allowed`.
pub fn access(access: Option<&str>, allowed: Option<&str>) -> Result<Access, ConfigError> {
    let said = |s: Option<&str>| s.map_or("", str::trim).to_owned();
    let (access, allowed) = (said(access), said(allowed));
    match access.as_str() {
        "" | "open" if allowed.is_empty() => Ok(Access::Open),
        "" | "open" => Err(ConfigError::AllowedButOpen),
        "invited" => {
            let ids = allowed
                .split(',')
                .map(str::trim)
                .filter(|id| !id.is_empty());
            let id = |id: &str| {
                let number = id.parse().ok().filter(|n| *n > 0);
                number.ok_or_else(|| ConfigError::BadAllowed(id.to_owned()))
            };
            let listed = ids.map(id).collect::<Result<_, _>>()?;
            Ok(Access::Invited { listed })
        }
        _ => Err(ConfigError::BadAccess(access)),
    }
}

/// A bot's user name, without the @ that people put before it.
pub fn username(said: &str) -> Result<&str, ConfigError> {
    let name = said.strip_prefix('@').unwrap_or(said);
    let fits = (5..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then_some(name).ok_or(ConfigError::BadUsername)
}

/// A setting with a few values: what it is, or the first where it is not set.
pub fn one_of(name: &'static str, known: &[&'static str]) -> Result<&'static str, ConfigError> {
    let Some(value) = std::env::var(name).ok().filter(|v| !v.trim().is_empty()) else {
        return Ok(known.first().copied().unwrap_or_default());
    };
    let found = known.iter().find(|k| **k == value.trim());
    found.copied().ok_or_else(|| ConfigError::BadLog {
        name,
        value,
        known: known.join(", "),
    })
}

/// The number of the bot in its token.
pub fn bot_number(token: &SecretString) -> u64 {
    // Whatever is no number was refused with the token.
    let digits = token.expose_secret().split(':').next();
    digits.and_then(|d| d.parse().ok()).unwrap_or_default()
}

/// How the addresses of Redis begin.
const SCHEMES: [&str; 6] = [
    "redis",
    "rediss",
    "redis-sentinel",
    "rediss-sentinel",
    "redis-cluster",
    "rediss-cluster",
];

/// The longest that records may be kept after the last message: ten years, which is longer than
/// any rule for notes of adults that we know of asks for.
pub const MOST_KEEP_DAYS: u32 = 3650;

/// For how many days after the last message records are kept; [`KEEP_DAYS`] where nothing is said.
pub fn keep_days(said: Option<&str>) -> Result<u32, ConfigError> {
    match said.map(str::trim).filter(|s| !s.is_empty()) {
        None => Ok(KEEP_DAYS),
        Some(days) => days
            .parse()
            .ok()
            .filter(|days| (1..=MOST_KEEP_DAYS).contains(days))
            .ok_or(ConfigError::BadKeepDays),
    }
}

/// Where records are kept.
#[derive(Debug, Clone)]
pub enum StoreChoice {
    /// Nowhere; they end with the process.
    Memory,
    /// In this file.
    File(PathBuf),
    /// In the Redis at this address.
    Redis(Box<Address>),
}

impl fmt::Display for StoreChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreChoice::Memory => f.write_str("memory"),
            StoreChoice::File(path) => path.display().fmt(f),
            StoreChoice::Redis(address) => address.fmt(f),
        }
    }
}

/// Where records are kept, and how.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Where.
    pub choice: StoreChoice,
    /// How every key of this bot begins in Redis.
    pub redis_prefix: String,
    /// How many replicas of Redis must have a change before the update that made it is acknowledged.
    /// When not given, one where there are Sentinels, and else none.
    pub redis_wait: Option<u32>,
    /// The keys that records are sealed with, newest first, apart by commas.
    pub key: Option<SecretString>,
    /// How many days a record is kept after the person last wrote or pressed.
    pub keep_days: u32,
}

impl StoreSettings {
    /// The keys of this bot; 0 is the terminal.
    pub fn keys(&self, bot: u64) -> Result<Keyring, ConfigError> {
        let text = self.key.as_ref().map_or("", |key| key.expose_secret());
        Ok(Keyring::parse(bot, text)?)
    }

    /// The time that [`StoreSettings::keep_days`] is.
    pub fn retention(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_days) * 24 * 60 * 60)
    }
}

/// The store that was chosen, then the address of Redis, then the file of this name in its usual
/// place.
pub fn store(
    choice: Option<&str>,
    redis_url: Option<&str>,
    usual: &str,
) -> Result<StoreChoice, ConfigError> {
    let given = |text: Option<&str>| {
        text.map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    if let Some(choice) = given(choice) {
        return named(&choice);
    }
    match given(redis_url) {
        None => Ok(StoreChoice::File(usual_folder().join(usual))),
        Some(url) => match named(&url)? {
            redis @ StoreChoice::Redis(_) => Ok(redis),
            _ => Err(ConfigError::BadRedis),
        },
    }
}

/// The store of this name: `memory`, the address of a Redis, or the path of a file.
pub fn named(store: &str) -> Result<StoreChoice, ConfigError> {
    match store.split_once("://") {
        Some((scheme, _)) if SCHEMES.contains(&scheme) => {
            Ok(StoreChoice::Redis(Box::new(store.parse()?)))
        }
        Some((scheme, _)) => Err(ConfigError::BadStore(scheme.to_owned())),
        None if store == "memory" => Ok(StoreChoice::Memory),
        None => Ok(StoreChoice::File(store.into())),
    }
}

/// The file of the bot in [`usual_folder`].
pub const BOT_FILE: &str = "backtalk.sqlite";

/// The file of the terminal in [`usual_folder`], so that the bot and it never share one.
pub const CHAT_FILE: &str = "chat.sqlite";

/// `$XDG_STATE_HOME/backtalk`, or the same below `~/.local/state`.
fn usual_folder() -> PathBuf {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    let home = || std::env::var_os("HOME").map(|h| Path::new(&h).join(".local/state"));
    state
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("."))
        .join("backtalk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_cannot_be_one_is_refused_without_showing_it() {
        let bad = "12345:short";
        let said = telegram(Some(bad.into()), None).unwrap_err().to_string();
        assert!(!said.contains("short"), "{said}");
        assert!(said.contains("backtalk chat"));
    }

    #[test]
    fn a_token_does_not_print() {
        let token = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let good = telegram(Some(token.into()), None).unwrap();
        assert!(!format!("{good:?}").contains("AAAA"));
    }

    /// These settings choose this store.
    #[track_caller]
    fn check(choice: Option<&str>, redis_url: Option<&str>, chosen: &str) {
        let found = store(choice, redis_url, CHAT_FILE).map(|c| c.to_string());
        assert_eq!(found.unwrap_or_else(|e| e.to_string()), chosen);
    }

    #[test]
    fn records_are_kept_for_one_day_to_ten_years_and_never_for_ever() {
        for (said, expected) in [
            (None, Some(90)),
            (Some(" "), Some(90)),
            (Some("1"), Some(1)),
            (Some("3650"), Some(3650)),
            (Some("0"), None),
            (Some("3651"), None),
            (Some("-1"), None),
            (Some("30.5"), None),
            (Some("forever"), None),
        ] {
            assert_eq!(keep_days(said).ok(), expected, "{said:?}");
        }
    }

    #[test]
    fn who_may_come_is_said_clearly_or_refused() {
        let listed = |ids: &[i64]| Access::Invited {
            listed: ids.iter().copied().collect(),
        };
        for (said, allowed, expected) in [
            (None, None, Some(Access::Open)),
            (Some("open"), Some(""), Some(Access::Open)),
            (Some("invited"), None, Some(listed(&[]))),
            (Some("invited"), Some(" 7, 8,7,"), Some(listed(&[7, 8]))),
            (Some("invited"), Some("7;8"), None),
            (Some("invited"), Some("-100"), None),
            (Some("invited"), Some("0"), None),
            (Some("invited"), Some("@ann"), None),
            (Some("Invited"), None, None),
            (Some("yes"), None, None),
            (None, Some("7"), None),
            (Some("open"), Some("7"), None),
        ] {
            assert_eq!(access(said, allowed).ok(), expected, "{said:?} {allowed:?}");
        }
    }

    #[test]
    fn a_user_name_is_taken_with_or_without_its_sign() {
        assert_eq!(username("@back_bot").ok(), Some("back_bot"));
        for bad in ["bot", "back bot", "back/bot", "b@ck_bot", &"b".repeat(33)] {
            assert!(username(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_chosen_store_wins_over_redis_and_redis_over_the_usual_place() {
        check(Some("a.sqlite"), Some("redis://x"), "a.sqlite");
        check(Some("memory"), Some("redis://x"), "memory");
        check(
            Some("rediss-cluster://:hush@x,y"),
            None,
            "rediss-cluster://x,y",
        );
        check(None, Some("redis://x"), "redis://x");
        check(
            None,
            Some("localhost:6379"),
            "REDIS_URL is not the address of a Redis. It looks like redis://localhost:6379",
        );
        check(
            Some(" "),
            Some("redis-sentinel://x/main"),
            "redis-sentinel://x/main",
        );
        let usual = store(None, Some(""), CHAT_FILE).unwrap().to_string();
        assert!(usual.ends_with("backtalk/chat.sqlite"), "{usual}");
    }

    #[test]
    fn an_address_that_cannot_be_one_is_refused_and_none_shows_its_password() {
        let said = named("postgres://:hush@x").unwrap_err().to_string();
        assert!(
            said.contains("`postgres://`") && !said.contains("hush"),
            "{said}"
        );
        let chosen = named("redis://:hush@x").unwrap();
        assert!(!format!("{chosen:?} {chosen}").contains("hush"));
    }

    #[test]
    fn the_number_of_a_bot_is_what_its_token_begins_with() {
        assert_eq!(bot_number(&"4242:AAAA".into()), 4242);
    }
}
