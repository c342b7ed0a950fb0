//! What the program says when it cannot start.

use std::net::TcpListener;
use std::process::{Command, Output};

use rstest::rstest;

use crate::stage::{Stage, program};

const GOOD: &str = "123456789:AAAAAAAAAAsecretAAAAAAAAAAAAAAAAAAA";
const WITHOUT: &str = "\nTo try Backtalk without Telegram, run: backtalk chat";

/// The checker: it fails, says this and no more, and nothing of the token.
fn check(command: &mut Command, token: &str, says: &[&str]) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("The program runs.");
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(
        status.code().is_some_and(|code| code != 0),
        "{status}\n{said}"
    );
    for says in says {
        assert!(said.contains(says), "{said}");
    }
    let secret = token.split(':').next_back().unwrap_or_default();
    assert!(secret.is_empty() || !said.contains(secret), "{said}");
    assert!(said.trim_end().lines().count() <= 3, "{said}");
}

#[rstest]
#[case::missing(None, "There is no bot token.")]
#[case::empty(Some(" "), "There is no bot token.")]
#[case::too_short(Some("12345:short"), "does not look like a bot token")]
#[case::without_a_colon(
    Some("AAAAAAAAAAsecretAAAAAAAAAAAAAAAAAAA"),
    "does not look like a bot token"
)]
#[case::with_a_space(
    Some("123:AAAAAAAAAAsecret AAAAAAAAAAAAAAAAAA"),
    "does not look like a bot token"
)]
fn a_token_that_cannot_be_one_ends_it(#[case] token: Option<&str>, #[case] says: &str) {
    let mut command = program();
    command.env("BACKTALK_STORE", "memory");
    if let Some(token) = token {
        command.env("TELOXIDE_TOKEN", token);
    }
    check(
        &mut command,
        token.unwrap_or_default().trim(),
        &[says, WITHOUT],
    );
}

#[tokio::test]
async fn a_token_that_telegram_does_not_know_ends_it() {
    let stage = Stage::empty().await;
    let mut command = program();
    command
        .env("TELOXIDE_TOKEN", GOOD)
        .env("TELOXIDE_API_URL", stage.telegram.url())
        .env("BACKTALK_STORE", stage.store());
    check(
        &mut command,
        GOOD,
        &["Telegram does not know this bot token.", WITHOUT],
    );
}

#[rstest]
#[case::redis_alone(&[("REDIS_URL", ":hush@localhost")], "REDIS_URL is not the address of a Redis.")]
#[case::another_database(&[("BACKTALK_STORE", "postgres://:hush@localhost")], "`postgres://`")]
#[case::a_key_that_is_none(&[("BACKTALK_KEY", ":hush"), ("BACKTALK_STORE", "memory")], "backtalk key")]
#[case::keeping_nothing(&[("BACKTALK_STORE", "memory"), ("BACKTALK_KEEP_DAYS", "0")], "a whole number from 1 to 3650")]
#[case::keeping_for_ever(&[("BACKTALK_STORE", "memory"), ("BACKTALK_KEEP_DAYS", "forever")], "never kept for ever")]
#[case::access_that_is_none(&[("BACKTALK_STORE", "memory"), ("BACKTALK_ACCESS", "friends")], "is `open` or `invited`, not `friends`")]
#[case::listed_by_name(&[("BACKTALK_STORE", "memory"), ("BACKTALK_ACCESS", "invited"), ("BACKTALK_ALLOWED", "7,@ann")], "`@ann` is none")]
#[case::listed_while_open(&[("BACKTALK_STORE", "memory"), ("BACKTALK_ALLOWED", "7")], "Set BACKTALK_ACCESS=invited")]
#[case::an_address_that_is_none(
    &[("BACKTALK_STORE", "memory"), ("TELOXIDE_API_URL", "api.telegram.org")],
    "TELOXIDE_API_URL is not an address."
)]
#[case::a_form_of_logs_that_is_none(&[("BACKTALK_STORE", "memory"), ("BACKTALK_LOG_FORMAT", "xml")], "`text` or `json`, not `xml`")]
#[case::an_address_to_listen_on_that_is_none(&[("BACKTALK_STORE", "memory"), ("BACKTALK_LISTEN", "everywhere")], "--listen")]
#[case::a_store_that_cannot_be_made(&[("BACKTALK_STORE", "/dev/null/b.sqlite")], "--store")]
fn a_setting_that_cannot_be_used_ends_it(#[case] settings: &[(&str, &str)], #[case] says: &str) {
    let mut command = program();
    command
        .env("TELOXIDE_TOKEN", GOOD)
        .envs(settings.iter().copied());
    check(&mut command, ":hush", &[says]);
    check(&mut command, GOOD, &[says]);
}

#[test]
fn an_address_to_listen_on_that_is_taken_ends_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("A free port.");
    let address = taken.local_addr().expect("Its address.").to_string();
    let mut command = program();
    command
        .env("TELOXIDE_TOKEN", GOOD)
        .env("BACKTALK_STORE", "memory")
        .env("BACKTALK_LISTEN", &address);
    check(
        &mut command,
        GOOD,
        &[&address, "cannot be listened on", "--listen"],
    );
}

#[rstest]
#[case::unknown(&[("BACKTALK_KEEPDAYS", "3")], "Did you mean BACKTALK_KEEP_DAYS?")]
#[case::a_secret_without_a_webhook(
    &[("BACKTALK_WEBHOOK_SECRET", "0123456789abcdef")],
    "set BACKTALK_WEBHOOK_URL too"
)]
#[case::a_webhook_that_nobody_hears(
    &[("BACKTALK_WEBHOOK_URL", "https://bot.example.org/telegram")],
    "set --listen or BACKTALK_LISTEN"
)]
#[case::replicas_of_a_file(&[("BACKTALK_REDIS_WAIT", "1")], "records are not kept in Redis")]
#[case::an_unknown_level(&[("BACKTALK_LOG", "loud")], "It is one of: info, error, warn")]
fn a_setting_that_nobody_knows_or_that_contradicts_another_ends_it(
    #[case] settings: &[(&str, &str)],
    #[case] says: &str,
) {
    let mut command = program();
    command
        .env("TELOXIDE_TOKEN", GOOD)
        .env("BACKTALK_STORE", "memory")
        .envs(settings.iter().copied());
    check(&mut command, GOOD, &[says]);
}

#[test]
fn the_settings_that_hold_are_printed_without_secrets() {
    let printed = Command::new(env!("CARGO_BIN_EXE_backtalk"))
        .args(["config", "--keep-days", "30"])
        .env_clear()
        .env("TELOXIDE_TOKEN", GOOD)
        .env("REDIS_URL", "redis://:hushhush@somewhere:6379")
        .env("BACKTALK_ACCESS", "invited")
        .output()
        .expect("The program runs.");
    let said = String::from_utf8_lossy(&[printed.stdout, printed.stderr].concat()).into_owned();
    assert!(printed.status.success(), "{said}");
    for (name, value) in [
        ("TELOXIDE_TOKEN", "(hidden)  (environment)"),
        ("REDIS_URL", "(hidden)  (environment)"),
        ("BACKTALK_KEEP_DAYS", "30  (flag)"),
        ("BACKTALK_ACCESS", "invited  (environment)"),
        ("BACKTALK_PER_SECOND", "30  (default)"),
        ("BACKTALK_WEBHOOK_URL", "-  (not set)"),
    ] {
        let line = said.lines().find(|line| line.starts_with(name));
        assert!(
            line.is_some_and(|line| line.ends_with(value)),
            "{name}:\n{said}"
        );
    }
    assert!(!said.contains("secret") && !said.contains("hush"), "{said}");
}
