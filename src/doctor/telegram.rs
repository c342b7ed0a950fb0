//! Whether Telegram knows the bot, and gives its updates the way they are to come.

use std::time::Duration;

use teloxide::prelude::Requester;
use teloxide::types::WebhookInfo;
use teloxide::{ApiError, RequestError};

use super::{Finding, Group};
use crate::config::Telegram;
use crate::telegram;

/// How long Telegram may take for one answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// More updates than this wait only when nobody takes them.
const MANY: u32 = 100;

/// What Telegram said.
#[derive(Debug)]
enum Seen {
    /// Nothing; the kind of failure.
    Nothing(&'static str),
    /// That it does not know the token.
    WrongToken,
    /// Who the bot is, and how it gets its updates.
    Bot {
        name: String,
        webhook: Option<Webhook>,
    },
}

/// How the bot gets its updates.
#[derive(Debug, Default)]
struct Webhook {
    /// The host that Telegram sends them to; nothing when it waits to be polled.
    host: Option<String>,
    /// How many wait.
    waiting: u32,
}

/// Ask Telegram, and judge.
pub async fn examine(settings: &Telegram) -> Vec<Finding> {
    match telegram::client::Client::new(settings) {
        Err(why) => vec![Group::Telegram.fail("address", "cannot be used", why.to_string())],
        Ok(client) => {
            let wanted = settings
                .webhook
                .as_ref()
                .and_then(|webhook| webhook.url.host_str());
            judge(&ask(&client.bot).await, wanted)
        }
    }
}

async fn ask(client: &teloxide::Bot) -> Seen {
    match tokio::time::timeout(DEADLINE, client.get_me()).await {
        Err(_) => Seen::Nothing("no answer in time"),
        Ok(Err(RequestError::Api(ApiError::InvalidToken))) => Seen::WrongToken,
        Ok(Err(error)) => Seen::Nothing(telegram::kind(&error)),
        Ok(Ok(me)) => {
            let info = tokio::time::timeout(DEADLINE, client.get_webhook_info()).await;
            Seen::Bot {
                name: me.username().to_owned(),
                webhook: info.ok().and_then(Result::ok).map(Webhook::from),
            }
        }
    }
}

impl From<WebhookInfo> for Webhook {
    fn from(info: WebhookInfo) -> Webhook {
        Webhook {
            // The path of a webhook is often its secret.
            host: info.url.map(|url| url.host_str().unwrap_or("?").to_owned()),
            waiting: info.pending_update_count,
        }
    }
}

/// `wanted` is the host of the webhook that the bot is to have, if any.
fn judge(seen: &Seen, wanted: Option<&str>) -> Vec<Finding> {
    const GROUP: Group = Group::Telegram;
    let (name, webhook) = match seen {
        Seen::Nothing(kind) => {
            let cure = "look at the network of this machine, and at TELOXIDE_API_URL if it is set";
            return vec![GROUP.fail("reached", format!("no ({kind})"), cure)];
        }
        Seen::WrongToken => {
            let cure = "copy it again from @BotFather into TELOXIDE_TOKEN";
            return vec![GROUP.fail("token", "Telegram does not know it", cure)];
        }
        Seen::Bot { name, webhook } => (name, webhook),
    };
    let mut findings = vec![GROUP.ok("bot", format!("@{name}"))];
    let Some(webhook) = webhook else {
        findings.push(GROUP.note("webhook", "unknown", "ask again"));
        return findings;
    };
    findings.push(match (&webhook.host, wanted) {
        (None, None) => GROUP.ok("webhook", "none, so polling gets every update"),
        (Some(host), Some(wanted)) if host == wanted => {
            GROUP.ok("webhook", format!("set, to {host}"))
        }
        (None, Some(wanted)) => GROUP.note(
            "webhook",
            format!("none; it is to be at {wanted}"),
            "start the bot, which sets it",
        ),
        (Some(host), Some(wanted)) => GROUP.warn(
            "webhook",
            format!("set, to {host}, and to be at {wanted}"),
            "start the bot, which sets it; see that no other bot has this token",
        ),
        (Some(host), None) => GROUP.fail(
            "webhook",
            format!("set, to {host}, so polling gets nothing"),
            "take it away: curl \"https://api.telegram.org/bot$TELOXIDE_TOKEN/deleteWebhook\"",
        ),
    });
    let waiting = format!("{} updates", webhook.waiting);
    findings.push(if webhook.waiting > MANY {
        let cure = "see that the bot runs and can commit; Telegram keeps updates for 24 hours";
        GROUP.warn("waiting", waiting, cure)
    } else {
        GROUP.ok("waiting", waiting)
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_fails_and_its_path_is_not_told() {
        let info = serde_json::json!({
            "url": "https://example.org/secret", "has_custom_certificate": false,
            "pending_update_count": 101,
        });
        let info: WebhookInfo = serde_json::from_value(info).unwrap();
        let seen = Seen::Bot {
            name: "b".into(),
            webhook: Some(info.into()),
        };
        let ours = super::super::print::text(&judge(&seen, Some("example.org")));
        assert!(ours.contains("webhook: set, to example.org"), "{ours}");
        assert!(!ours.contains("FAIL"), "{ours}");
        let said = super::super::print::text(&judge(&seen, None));
        assert!(
            said.contains("FAIL  webhook: set, to example.org"),
            "{said}"
        );
        assert!(said.contains("warn  waiting: 101"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
