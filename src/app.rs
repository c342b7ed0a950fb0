//! Wires it all; starts and stops gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::clock::{Clock, SystemClock};
use crate::common_time;
use crate::config::{Access, Telegram};
use crate::engine::Input;
use crate::heartbeat;
use crate::http;
use crate::invite;
use crate::metrics::{Reload, metrics};
use crate::readiness::{Phase, Readiness};
use crate::reminder::{self, Reminder};
use crate::telegram::access::Doorkeeper;
use crate::telegram::chats::{Chats, End, Job, Shared};
use crate::telegram::client::Client;
use crate::telegram::gate::Gate;
use crate::telegram::ingest::watch::Watch;
use crate::telegram::ingest::webhook::{self, Hook};
use crate::telegram::ingest::{Intake, poll};
use crate::telegram::leader::{self, Role};
use crate::telegram::sender::Sender;
use crate::telegram::{self, introduce};
use crate::turn::Bot;

/// How much the log tells, the usual first.
pub const LEVELS: [&str; 5] = ["info", "error", "warn", "debug", "trace"];

/// How long a stop waits for work under way.
const GRACE: Duration = Duration::from_secs(8);

/// How long a stop waits for requests of whoever watches the bot.
const CLOSING: Duration = Duration::from_secs(1);

/// Answer people in Telegram until the process is told to stop.
///
/// `again` gives the bot over the dialogue files as they are by then, when the process is told to load
/// them again (SIGHUP).
pub async fn run<Again>(
    bot: Bot,
    settings: Telegram,
    access: Access,
    again: impl Fn() -> Again + Send + 'static,
) -> Result<(), String>
where
    Again: Future<Output = Result<Bot, String>> + Send + 'static,
{
    // From here on it ends nothing; what is told before the bot answers is heard then.
    let told = signal(SignalKind::hangup());
    let client = Client::new(&settings).map_err(|e| e.to_string())?;
    let (stopper, stop) = watch::channel(false);
    metrics().set_form(bot.dialogue.form);
    let readiness = Arc::new(Readiness::new(bot.store.clone()));
    let mut router = http::router(readiness.clone());
    let hook = webhook::Place::default();
    if let Some(webhook) = &settings.webhook {
        router = router.merge(webhook::route(webhook.url.path(), hook.clone()));
    }
    // It ends last, so that it can tell of the stop.
    let (closer, closing) = watch::channel(false);
    let mut serving = JoinSet::new();
    if let Some(address) = settings.listen {
        // Whoever cannot be heard should not begin.
        let listener = listen_on(address).await?;
        serving.spawn(http::serve(listener, router, closing));
    }
    let mut ended = Box::pin(stopped());
    let me = tokio::select! {
        me = telegram::who_am_i(&client.bot) => me?,
        () = &mut ended => return Ok(()),
    };
    tokio::select! {
        () = introduce(&client.bot) => {}
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
    let doorkeeper = Doorkeeper::new(
        access,
        invite::Key::of_token(settings.token.expose_secret()),
    );
    let shared = Arc::new(Shared::new(
        bot.clone(),
        clock.clone(),
        Sender::new(client.clone(), gate),
        doorkeeper,
        stop.clone(),
    ));
    let chats = Chats::new(shared.clone());
    let process = leader::process();
    // Who stands by is well, too.
    let standing_by = {
        let (heartbeat, shared) = (settings.heartbeat.clone(), shared.clone());
        move || {
            let edition = shared.bot().editions.digest();
            heartbeat::beat(&heartbeat, SystemClock.now(), &edition);
        }
    };
    let (role, roles) = watch::channel(Role::Standby);
    let mut leading = tokio::spawn(leader::run(
        bot.store.clone(),
        process,
        role,
        standing_by,
        stop.clone(),
    ));
    let takes_posts = settings.webhook.is_some();
    let mut taking = match &settings.webhook {
        None => tokio::spawn(poll::run(
            client,
            me,
            shared.clone(),
            chats.clone(),
            settings.heartbeat,
            roles,
            stop.clone(),
        )),
        Some(webhook) => {
            let caution = Arc::default();
            let intake = Arc::new(Intake::new(me, shared.clone(), chats.clone()));
            let taking = Hook::new(webhook, intake, shared.clone(), Arc::clone(&caution));
            // There is none yet.
            let _ = hook.set(taking);
            let watch = Watch {
                bot: client.bot,
                settings: webhook.clone(),
                shared: shared.clone(),
                chats: chats.clone(),
                heartbeat: settings.heartbeat,
                process,
                caution,
            };
            tokio::spawn(watch.run(roles, stop.clone()))
        }
    };
    tokio::spawn(load_again(shared.clone(), again, told));
    let reminder = Reminder {
        store: bot.store.clone(),
        clock,
        retention: SignedDuration::from_hours(24 * i64::from(bot.dialogue.keep_days)),
    };
    let hand = {
        let (shared, chats) = (shared.clone(), chats.clone());
        move |due: reminder::Due| {
            let (person, shared) = (due.person, shared.clone());
            let done = move |end| match end {
                End::Again if shared.is_stopping() => let_go(&shared, due),
                _ => drop(due),
            };
            chats.give(person, Job::of_ours(Input::Due, done));
        }
    };
    let mut lost = shared.broken.subscribe();
    let mut reminding = tokio::spawn(reminder.run(shared.alarm.clone(), stop, hand));
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
        _ = &mut taking => Some("update"),
        Some(_) = serving.join_next() => Some("HTTP"),
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
    let close = async |serving: &mut JoinSet<()>| {
        let _ = closer.send(true);
        let ended = async { while serving.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(CLOSING, ended).await;
    };
    if takes_posts {
        // Nothing more is let in: what stands before several processes tries the next when it is refused.
        // What was posted already is still taken, since Telegram would send it again a second later.
        close(&mut serving).await;
    }
    // Nobody listens any more only when all have ended already.
    let _ = stopper.send(true);
    let ending = async {
        let _ = tokio::join!(leading, taking, reminding);
        shared.under_way.close();
        shared.under_way.wait().await;
    };
    if tokio::time::timeout(GRACE, ending).await.is_err() {
        warn!("some work did not end in time; it is stored and goes on at the next start");
    } else if let Err(error) = bot.store.resign(process).await {
        warn!(%error, "the next process will wait a little before it polls");
    }
    close(&mut serving).await;
    Ok(())
}

/// Load the dialogue files again whenever the process is told to. What cannot be used is refused, and
/// the dialogue of before goes on.
async fn load_again<Again>(
    shared: Arc<Shared>,
    again: impl Fn() -> Again,
    told: std::io::Result<Signal>,
) where
    Again: Future<Output = Result<Bot, String>>,
{
    let Ok(mut told) = told else {
        return warn!("the dialogue can be changed by a restart only");
    };
    while told.recv().await.is_some() {
        match again().await {
            Ok(bot) => {
                info!(form = %bot.dialogue.form, "the dialogue was loaded again");
                metrics().set_form(bot.dialogue.form);
                metrics().reloads.of(Reload::Loaded).one();
                shared.replace(bot);
            }
            Err(said) => {
                metrics().reloads.of(Reload::Refused).one();
                error!("the dialogue was not loaded again, and that of before goes on: {said}")
            }
        }
    }
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

/// Hand somebody back who was claimed and with whom nothing was done, so that another process need
/// not wait for the end of the lease.
fn let_go(shared: &Arc<Shared>, due: reminder::Due) {
    let shared = shared.clone();
    let token = shared.under_way.token();
    tokio::spawn(async move {
        let released = shared.store.release(due.person, due.version).await;
        if let Err(error) = released {
            warn!(%error, "somebody who is due waits until a lease ends");
        }
        drop((due, token));
    });
}

/// Return when the process is told to stop.
async fn stopped() {
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
