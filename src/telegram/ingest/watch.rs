//! What a process does while Telegram posts updates to it: it says that it is there, hears of others
//! that died, and the one that leads sees to it that Telegram posts to us.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::ExposeSecret;
use teloxide::payloads::SetWebhookSetters;
use teloxide::prelude::Requester;
use teloxide::types::WebhookInfo;
use tokio::sync::{SetOnce, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{info, warn};

use super::ALLOWED;
use super::absence::{self, Absence};
use crate::config::Webhook;
use crate::pulse::{Loop, pulse};
use crate::store::commons::Process;
use crate::telegram::chats::{Chats, Shared};
use crate::telegram::leader::Role;
use crate::telegram::{self, sender};

/// How often a process says that it is there.
const EVERY: Duration = Duration::from_secs(2);

/// How long it is believed to be there after that.
const LEASE: Duration = Duration::from_secs(6);

/// How long after a process died updates are counted before they are handled. Telegram posts what was
/// not acknowledged again within two minutes.
const CAREFUL_FOR: Duration = Duration::from_secs(300);

/// How often the one that leads asks Telegram how posting goes.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A process to which Telegram posts updates.
pub struct Watch {
    /// The way to Telegram.
    pub bot: teloxide::Bot,
    /// How updates are to come.
    pub settings: Webhook,
    /// What workers share.
    pub shared: Arc<Shared>,
    /// The chats.
    pub chats: Chats,
    /// The file with the sign of life.
    pub heartbeat: PathBuf,
    /// This process.
    pub process: Process,
    /// How updates are taken.
    pub caution: Arc<Caution>,
}

/// How updates are taken that Telegram posts.
#[derive(Debug, Default)]
pub struct Caution {
    /// They are counted before they are handled, since a process died a short while ago.
    pub is_careful: AtomicBool,
    /// They are taken from now on: not before it is known whether a process died.
    pub opened: SetOnce<()>,
}

/// How long it may take to learn whether a process died, before updates are taken all the same.
const FIRST_LOOK: Duration = Duration::from_secs(5);

impl Watch {
    /// Watch until told to stop.
    pub async fn run(self, mut roles: watch::Receiver<Role>, mut stop: watch::Receiver<bool>) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut careful_until = None;
        let mut absence = None;
        let mut looked: Option<Instant> = None;
        let _ = tokio::time::timeout(FIRST_LOOK, roles.changed()).await;
        roles.mark_changed();
        while !*stop.borrow() {
            tokio::select! {
                _ = every.tick() => {}
                _ = roles.changed() => {}
                _ = stop.changed() => break,
            }
            pulse().beat(Loop::Ingest);
            let role = *roles.borrow_and_update();
            let has_died = self.somebody_died().await;
            let is_new_leader = matches!(role, Role::Leader { .. }) && absence.is_none();
            let took_over = is_new_leader && matches!(role, Role::Leader { unclean: true, .. });
            if has_died || took_over {
                let is_news = careful_until.is_none_or(|until| until < Instant::now());
                careful_until = Some(Instant::now() + CAREFUL_FOR);
                self.caution.is_careful.store(true, Ordering::Relaxed);
                if is_news && matches!(role, Role::Leader { .. }) {
                    absence::finish_what_was_begun(&self.shared, &self.chats).await;
                }
            } else if careful_until.is_some_and(|until| until < Instant::now()) {
                careful_until = None;
                self.caution.is_careful.store(false, Ordering::Relaxed);
                if let Err(error) = self.shared.store.calm().await {
                    warn!(%error, "counts of tries could not be forgotten");
                }
            }
            // It may be so already.
            let _ = self.caution.opened.set(());
            match role {
                Role::Standby => absence = None,
                Role::Leader { .. }
                    if looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) || is_new_leader =>
                {
                    looked = Some(Instant::now());
                    let absence = match &mut absence {
                        Some(absence) => absence,
                        none => none.insert(
                            Absence::of_before(
                                self.shared.clone(),
                                self.chats.clone(),
                                self.heartbeat.clone(),
                            )
                            .await,
                        ),
                    };
                    self.look(absence).await;
                }
                Role::Leader { .. } => {}
            }
        }
        if let Err(error) = self.shared.store.leave(self.process).await {
            warn!(%error, "others will take this process for dead");
        }
    }

    async fn somebody_died(&self) -> bool {
        let present = self.shared.store.present(self.process, LEASE, CAREFUL_FOR);
        match tokio::time::timeout(EVERY, present).await {
            Ok(Ok(has_died)) => has_died,
            Ok(Err(error)) => {
                warn!(%error, "others will take this process for dead");
                false
            }
            Err(_) => false,
        }
    }

    /// Ask Telegram how posting goes, and set the webhook where it is another.
    async fn look(&self, absence: &mut Absence) {
        match set(&self.bot, &self.settings).await {
            Ok(Posting::Set) => {
                info!("the webhook is set");
                absence.ends();
            }
            Ok(Posting::Goes { waiting }) => {
                absence.ends();
                if absence.is_open() && waiting == 0 {
                    absence.ask_again().await;
                }
            }
            Ok(Posting::Fails) => {
                warn!("Telegram cannot post to the webhook; look at what is between it and here");
            }
            Err(kind) => warn!(kind, "Telegram did not say how posting goes; asking again"),
        }
    }
}

/// How Telegram posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Posting {
    /// From now on.
    Set,
    /// As it should; so many updates wait.
    Goes { waiting: u32 },
    /// It tries, and fails.
    Fails,
}

/// Ask how Telegram posts, and have it post to us if it does not.
async fn set(bot: &teloxide::Bot, settings: &Webhook) -> Result<Posting, &'static str> {
    let asked = tokio::time::timeout(sender::DEADLINE, bot.get_webhook_info());
    let info = asked.await.map_err(|_| "no answer in time")?;
    let info = info.map_err(|error| telegram::kind(&error))?;
    if let Some(posting) = judge(&info, settings) {
        return Ok(posting);
    }
    let request = bot
        .set_webhook(settings.url.clone())
        .secret_token(settings.secret.expose_secret().to_owned())
        .max_connections(settings.connections)
        .allowed_updates(ALLOWED);
    let set = tokio::time::timeout(sender::DEADLINE, request).await;
    let set = set.map_err(|_| "no answer in time")?;
    set.map_err(|error| telegram::kind(&error))?;
    Ok(Posting::Set)
}

/// How Telegram posts to us; nothing when it does not, or with another secret. The secret it never
/// tells, but that ours refused it.
fn judge(info: &WebhookInfo, settings: &Webhook) -> Option<Posting> {
    let kinds = info.allowed_updates.as_deref().unwrap_or_default();
    let is_ours = info.url.as_ref() == Some(&settings.url)
        && info.max_connections == Some(u32::from(settings.connections))
        && kinds.len() == ALLOWED.len()
        && ALLOWED.iter().all(|kind| kinds.contains(kind));
    let fails = info.pending_update_count > 0 && info.last_error_message.is_some();
    let refused = |said: &String| said.contains("401");
    if !is_ours || fails && info.last_error_message.as_ref().is_some_and(refused) {
        return None;
    }
    Some(match fails {
        true => Posting::Fails,
        false => Posting::Goes {
            waiting: info.pending_update_count,
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings() -> Webhook {
        Webhook {
            url: "https://bot.example.org/telegram"
                .parse()
                .expect("An address."),
            listen: ([0, 0, 0, 0], 8080).into(),
            secret: "0123456789abcdef".into(),
            connections: 40,
        }
    }

    /// What comes of what Telegram says.
    fn judged(change: impl FnOnce(&mut serde_json::Value)) -> Option<Posting> {
        let mut info = json!({
            "url": "https://bot.example.org/telegram", "has_custom_certificate": false,
            "pending_update_count": 0, "max_connections": 40,
            "allowed_updates": ["my_chat_member", "message", "edited_message", "callback_query"],
        });
        change(&mut info);
        let info = serde_json::from_value(info).expect("What Telegram says can be read.");
        judge(&info, &settings())
    }

    #[test]
    fn the_webhook_is_set_only_where_telegram_has_another() {
        assert_eq!(judged(|_| {}), Some(Posting::Goes { waiting: 0 }));
        assert_eq!(judged(|info| info["url"] = "".into()), None);
        assert_eq!(
            judged(|info| info["url"] = "https://other.org/telegram".into()),
            None
        );
        assert_eq!(judged(|info| info["max_connections"] = 41.into()), None);
        assert_eq!(
            judged(|info| info["allowed_updates"] = json!(["message"])),
            None
        );
    }

    #[test]
    fn posts_that_fail_are_told_and_those_that_ours_refused_get_the_secret_anew() {
        let failing = |said: &'static str| {
            judged(move |info| {
                info["pending_update_count"] = 3.into();
                info["last_error_message"] = said.into();
            })
        };
        assert_eq!(failing("Connection refused"), Some(Posting::Fails));
        let refused = "Wrong response from the webhook: 401 Unauthorized";
        assert_eq!(failing(refused), None);
        // It was so once, and goes well now.
        assert_eq!(
            judged(|info| info["last_error_message"] = refused.into()),
            Some(Posting::Goes { waiting: 0 })
        );
    }
}
