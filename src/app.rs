//! Wires it all; starts and stops gracefully.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use crate::clock::{Clock, SystemClock};
use crate::config::Telegram;
use crate::engine::Input;
use crate::telegram::chats::{Chats, Job, Shared};
use crate::telegram::sender::Sender;
use crate::telegram::{self, poll};
use crate::turn::Bot;
use crate::{reminder, telegram::introduce};

/// How long a stop waits for work under way.
const GRACE: Duration = Duration::from_secs(8);

/// Answer people in Telegram until the process is told to stop.
pub async fn run(bot: Bot, settings: Telegram) -> Result<(), String> {
    let client = telegram::client(&settings)?;
    let (stopper, stop) = watch::channel(false);
    let mut ended = Box::pin(signal());
    let me = tokio::select! {
        me = telegram::who_am_i(&client) => me?,
        () = &mut ended => return Ok(()),
    };
    tokio::select! {
        () = introduce(&client) => {}
        () = &mut ended => return Ok(()),
    }
    if bot.dialogue.signed_off.is_none() {
        warn!("the dialogue is a draft: not checked by a clinician");
    }
    info!(form = %bot.dialogue.form, "answering as @{}", me.username());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shared = Arc::new(Shared {
        bot: bot.clone(),
        clock: clock.clone(),
        sender: Sender::new(client.clone()),
        wake: Notify::new(),
    });
    let chats = Chats::new(shared.clone());
    let mut polling = tokio::spawn(poll::run(
        client,
        me,
        shared.clone(),
        chats.clone(),
        stop.clone(),
    ));
    let mut reminding = tokio::spawn(reminder::run(bot.store, clock, Wake(shared), stop, {
        let chats = chats.clone();
        move |person| {
            let job = Job {
                input: Input::Due,
                update: None,
                language: None,
                press: None,
                done: Box::new(|_| {}),
            };
            chats.give(person, job);
        }
    }));
    // Neither loop ends by itself. One that broke must not leave a process that looks alive.
    let broken = tokio::select! {
        () = ended => None,
        _ = &mut polling => Some("polling"),
        _ = &mut reminding => Some("reminding"),
    };
    if let Some(broken) = broken {
        return Err(format!(
            "The {broken} loop broke down, which is a fault in Backtalk. What was promised is \
             stored and goes on when the program is started again."
        ));
    }
    info!("stopping");
    // Nobody listens any more only when both have ended already.
    let _ = stopper.send(true);
    if tokio::time::timeout(GRACE, async { tokio::join!(polling, reminding) })
        .await
        .is_err()
    {
        warn!("some work did not end in time; it is stored and goes on at the next start");
    }
    Ok(())
}

/// What wakes the reminder loop.
struct Wake(Arc<Shared>);

impl AsRef<Notify> for Wake {
    fn as_ref(&self) -> &Notify {
        &self.0.wake
    }
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut term) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// Logs go to the standard error. Libraries are quiet, since theirs may carry whole messages.
pub fn log() {
    use tracing_subscriber::EnvFilter;
    let level = std::env::var("BACKTALK_LOG").unwrap_or_else(|_| "info".into());
    let level = if ["error", "warn", "info", "debug", "trace"].contains(&level.as_str()) {
        level
    } else {
        "info".into()
    };
    let filter = EnvFilter::new(format!("off,backtalk={level}"));
    // A second call in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
