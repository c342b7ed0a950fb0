//! Wires it all; starts and stops gracefully.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::clock::{Clock, SystemClock};
use crate::common_time;
use crate::config::{Access, Telegram};
use crate::engine::Input;
use crate::heartbeat;
use crate::http;
use crate::invite;
use crate::metrics::metrics;
use crate::readiness::{Phase, Readiness};
use crate::reminder::{self, Reminder};
use crate::telegram::access::Doorkeeper;
use crate::telegram::chats::{Chats, Job, Shared};
use crate::telegram::gate::Gate;
use crate::telegram::leader::{self, Role};
use crate::telegram::sender::Sender;
use crate::telegram::{self, introduce, poll};
use crate::turn::Bot;

/// How long a stop waits for work under way.
const GRACE: Duration = Duration::from_secs(8);

/// How long a stop waits for requests of whoever watches the bot.
const CLOSING: Duration = Duration::from_secs(1);

/// Answer people in Telegram until the process is told to stop. With `listen`, tell at that address
/// how it is.
pub async fn run(
    bot: Bot,
    settings: Telegram,
    access: Access,
    listen: Option<SocketAddr>,
) -> Result<(), String> {
    let client = telegram::client(&settings)?;
    let (stopper, stop) = watch::channel(false);
    metrics().set_form(bot.dialogue.form);
    let readiness = Arc::new(Readiness::new(bot.store.clone()));
    // It ends last, so that it can tell of the stop.
    let (closer, closing) = watch::channel(false);
    let mut watched = JoinSet::new();
    if let Some(address) = listen {
        let listener = listen_on(address).await?;
        watched.spawn(http::serve(
            listener,
            http::router(readiness.clone()),
            closing,
        ));
    }
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
    if access != Access::Open {
        info!("only people with an invitation, and those listed, are answered");
    }
    let steady = common_time::clock(&*bot.store).await;
    let steady = Arc::new(steady.map_err(|e| e.to_string())?);
    let clock: Arc<dyn Clock> = steady.clone();
    tokio::spawn({
        let (store, stop) = (bot.store.clone(), stop.clone());
        async move { common_time::follow(&*store, &steady, stop).await }
    });
    let gate = Gate::new(bot.store.clone(), settings.per_second);
    let shared = Arc::new(Shared {
        bot: bot.clone(),
        clock: clock.clone(),
        sender: Sender::new(client.clone(), gate),
        doorkeeper: Doorkeeper::new(
            access,
            invite::Key::of_token(settings.token.expose_secret()),
        ),
        wake: Notify::new(),
        broken: watch::Sender::new(false),
        excuses: Mutex::default(),
    });
    let chats = Chats::new(shared.clone());
    let process = leader::process();
    // Who stands by is well, too.
    let standing_by = {
        let heartbeat = settings.heartbeat.clone();
        move || heartbeat::beat(&heartbeat, SystemClock.now())
    };
    let (role, roles) = watch::channel(Role::Standby);
    let mut leading = tokio::spawn(leader::run(
        bot.store.clone(),
        process,
        role,
        standing_by,
        stop.clone(),
    ));
    let mut polling = tokio::spawn(poll::run(
        client,
        me,
        shared.clone(),
        chats.clone(),
        settings.heartbeat,
        roles,
        stop.clone(),
    ));
    let reminder = Reminder {
        store: bot.store.clone(),
        clock,
        retention: SignedDuration::from_hours(24 * i64::from(bot.dialogue.keep_days)),
    };
    let hand = move |due: reminder::Due| {
        let person = due.person;
        chats.give(person, Job::of_ours(Input::Due, move |_| drop(due)));
    };
    let mut lost = shared.broken.subscribe();
    let mut reminding = tokio::spawn(reminder.run(Wake(shared), stop, hand));
    readiness.is_now(Phase::Ready);
    // None of the loops ends by itself. One that broke must not leave a process that looks alive.
    let broken = tokio::select! {
        () = ended => None,
        _ = lost.wait_for(|lost| *lost) => {
            return Err("The store lost what it had taken, as after a failover. Start the program \
                        again: Telegram sends what was not acknowledged once more."
                .into());
        }
        _ = &mut leading => Some("leading"),
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
    readiness.is_now(Phase::Stopping);
    // Nobody listens any more only when all have ended already.
    let _ = stopper.send(true);
    let ending = async { tokio::join!(leading, polling, reminding) };
    if tokio::time::timeout(GRACE, ending).await.is_err() {
        warn!("some work did not end in time; it is stored and goes on at the next start");
    } else if let Err(error) = bot.store.resign(process).await {
        warn!(%error, "the next process will wait a little before it polls");
    }
    let _ = closer.send(true);
    let ended = async { while watched.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(CLOSING, ended).await;
    Ok(())
}

/// Listen for HTTP there.
async fn listen_on(address: SocketAddr) -> Result<TcpListener, String> {
    let bound = TcpListener::bind(address).await.and_then(|listener| {
        // With port 0 the system has chosen one.
        info!("listening on {}", listener.local_addr()?);
        Ok(listener)
    });
    bound.map_err(|error| {
        format!(
            "--listen (or BACKTALK_LISTEN): {address} cannot be listened on: {error}. Give an \
             address of this machine and a port that is free, such as 127.0.0.1:8080."
        )
    })
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
