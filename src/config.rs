//! Settings of the program, from flags and environment. Secrets do not print.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use thiserror::Error;

use crate::dialogue::KEEP_DAYS;

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
    /// The store is of a kind that this version does not have.
    #[error(
        "The store `{0}` cannot be used. Give the path of a file, such as --store backtalk.sqlite, or `memory`."
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
    /// Redis is not there yet.
    #[error(
        "REDIS_URL is set, but this version keeps its records in a file only.\n\
         Take REDIS_URL away, or choose the file with --store PATH (or BACKTALK_STORE)."
    )]
    NoRedis,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// Nowhere; they end with the process.
    Memory,
    /// In this file.
    File(PathBuf),
}

/// The store: `--store` or `BACKTALK_STORE`, then `REDIS_URL`, then the file in its usual place.
pub fn store(choice: Option<&str>, redis_url: Option<&str>) -> Result<StoreChoice, ConfigError> {
    match (choice, redis_url) {
        (Some("memory"), _) => Ok(StoreChoice::Memory),
        (Some(url), _) if url.contains("://") => Err(ConfigError::BadStore(
            url.split("://").next().unwrap_or("").to_owned(),
        )),
        (Some(path), _) => Ok(StoreChoice::File(path.into())),
        (None, Some(url)) if !url.is_empty() => Err(ConfigError::NoRedis),
        (None, _) => Ok(StoreChoice::File(usual_file())),
    }
}

/// `$XDG_STATE_HOME/backtalk/backtalk.sqlite`, or the same below `~/.local/state`.
pub fn usual_file() -> PathBuf {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    let home = || std::env::var_os("HOME").map(|h| Path::new(&h).join(".local/state"));
    state
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("."))
        .join("backtalk/backtalk.sqlite")
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
    fn the_flag_wins_over_redis_and_redis_over_the_usual_place() {
        assert_eq!(
            store(Some("a.sqlite"), Some("redis://x")).unwrap(),
            StoreChoice::File("a.sqlite".into())
        );
        assert!(matches!(
            store(None, Some("redis://x")),
            Err(ConfigError::NoRedis)
        ));
        assert!(matches!(store(None, None), Ok(StoreChoice::File(_))));
    }
}
