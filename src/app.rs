//! Wires it all; starts and stops gracefully.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::clock::{Clock, SystemClock};
use crate::common_time;
use crate::config::{Access, Telegram};
use crate::engine::Input;
use crate::heartbeat;
use crate::invite;
use crate::reminder::{self, Reminder};
use crate::telegram::access::Doorkeeper;
use crate::telegram::chats::{Chats, End, Job, Shared};
use crate::telegram::gate::Gate;
use crate::telegram::ingest::watch::Watch;
use crate::telegram::ingest::webhook::{self, Hook};
use crate::telegram::ingest::{Intake, poll};
use crate::telegram::leader::{self, Role};
use crate::telegram::sender::Sender;
use crate::telegram::{self, introduce};
use crate::turn::Bot;

/// How long a stop waits for work under way.
const GRACE: Duration = Duration::from_secs(8);

/// Answer people in Telegram until the process is told to stop.
pub async fn run(bot: Bot, settings: Telegram, access: Access) -> Result<(), String> {
    let client = telegram::client(&settings)?;
    // Whoever cannot be heard should not begin.
    let listener = match settings.listen {
        Some(at) => Some(listen(at).await?),
        None => None,
    };
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
        under_way: TaskTracker::new(),
        stop: stop.clone(),
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
    let mut router = axum::Router::new();
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
            let careful = Arc::default();
            let intake = Arc::new(Intake::new(me, shared.clone(), chats.clone()));
            let hook = Hook::new(webhook, intake, shared.clone(), Arc::clone(&careful));
            router = router.merge(webhook::route(webhook.url.path(), hook));
            let watch = Watch {
                bot: client,
                settings: webhook.clone(),
                shared: shared.clone(),
                chats: chats.clone(),
                heartbeat: settings.heartbeat,
                process,
                careful,
            };
            tokio::spawn(watch.run(roles, stop.clone()))
        }
    };
    let mut serving = tokio::spawn(serve(listener, router, stop.clone()));
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
    let mut reminding = tokio::spawn(reminder.run(Wake(shared.clone()), stop, hand));
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
        _ = &mut serving => Some("HTTP"),
        _ = &mut reminding => Some("reminding"),
    };
    if let Some(broken) = broken {
        return Err(format!(
            "The {broken} loop broke down, which is a fault in Backtalk. What was promised is \
             stored and goes on when the program is started again."
        ));
    }
    info!("stopping");
    // Nobody listens any more only when all have ended already.
    let _ = stopper.send(true);
    let ending = async {
        let _ = tokio::join!(leading, taking, reminding, serving);
        shared.under_way.close();
        shared.under_way.wait().await;
    };
    if tokio::time::timeout(GRACE, ending).await.is_err() {
        warn!("some work did not end in time; it is stored and goes on at the next start");
    } else if let Err(error) = bot.store.resign(process).await {
        warn!(%error, "the next process will wait a little before it polls");
    }
    Ok(())
}

async fn listen(at: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(at).await.map_err(|error| {
        format!(
            "The program cannot listen on {at}: {error}. Give another address with --listen or \
             BACKTALK_LISTEN, or end what listens there."
        )
    })
}

/// Answer over HTTP until the program stops; what is being answered then is answered still.
async fn serve(
    listener: Option<TcpListener>,
    router: axum::Router,
    mut stop: watch::Receiver<bool>,
) {
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    match listener {
        Some(listener) => {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await;
            if let Err(error) = served {
                warn!(kind = %error.kind(), "HTTP cannot be answered any more");
            }
        }
        None => stopped.await,
    }
}

/// Hand somebody back who was claimed and with whom nothing was done, so that another process need
/// not wait for the end of the lease.
fn let_go(shared: &Arc<Shared>, due: reminder::Due) {
    let shared = shared.clone();
    let token = shared.under_way.token();
    tokio::spawn(async move {
        let released = shared.bot.store.release(due.person, due.version).await;
        if let Err(error) = released {
            warn!(%error, "somebody who is due waits until a lease ends");
        }
        drop((due, token));
    });
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
    std::panic::set_hook(Box::new(|panic| {
        // What a panic says may carry what a person said; where it was does not.
        let place = panic
            .location()
            .map(|at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(place, "a panic");
    }));
}
