//! A Bot API server for tests: people write and press, the bot polls and answers over real HTTP.
//!
//! Used by the integration tests, which start it, point the bot at `url()`, act as people through
//! `Person`, and look at `Chat` and the log of requests. It waits for news, never for time: each
//! `wait_…` returns at the change that satisfies it and fails the test with a dump after 20 s.
//! It pushes to a webhook once the bot has set one, itself or as the balancer in front of several
//! processes. It knows no rate limits but those a test arms as faults.
//!
//! ```ignore
//! let telegram = Emulator::start().await;
//! let ann = telegram.person(7);
//! // Start the bot with TELOXIDE_API_URL = telegram.url() and TELOXIDE_TOKEN = telegram.token().
//! ann.command("start");
//! let question = telegram.chat(7).wait_for_text("Is any of this new?").await;
//! telegram.fault(Fault::CutAfter).on("editMessageText").arm();
//! ann.press(question.id, "None of these");
//! telegram.chat(7).wait_for_text("How bad is it now?").await;
//! telegram.wait_until_idle().await;
//! telegram.assert_each_press_answered_once();
//! ```
//!
//! It lives on a thread of its own, so it runs whatever the test's runtime does, and ends when it
//! is dropped.

#![allow(
    dead_code,
    unused_imports,
    reason = "Each test file uses a part of it."
)]

mod body;
mod fault;
mod html;
mod methods;
mod people;
mod picture;
mod push;
mod server;
mod state;
mod view;
mod webhook;

use std::{collections::BTreeSet, future::Future, panic::Location, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{runtime::Runtime, sync::watch};

use self::state::{Press, Shared, State};
pub use self::{
    body::Upload,
    fault::{Fault, FaultHandle, FaultPlan},
    people::{Person, Pressed, Said},
    view::{Answer, Button, Chat, Message, Request},
    webhook::Delivery,
};

/// The bot's user name.
pub const USERNAME: &str = "backtalk_test_bot";
const TOKEN: &str = "4242:emulated-token-of-backtalk-tests";
/// Updates start somewhere, not at one.
const FIRST_UPDATE: u32 = 583_214_907;

/// The emulated Telegram.
pub struct Emulator {
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    url: String,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Emulator {
    /// Starts on a free port of this machine.
    pub async fn start() -> Emulator {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telegram")
            .enable_all()
            .build()
            .expect("A runtime starts.");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("A port is free.");
        listener
            .set_nonblocking(true)
            .expect("A listener can be non-blocking.");
        let address = listener.local_addr().expect("A listener has an address.");
        let shared = Arc::new(Shared::new(
            State::new(TOKEN, FIRST_UPDATE),
            runtime.handle().clone(),
        ));
        runtime.spawn(server::serve(listener, shared.clone()));
        runtime.spawn(push::push(shared.clone()));
        Emulator {
            shared,
            runtime: Some(runtime),
            url: format!("http://{address}"),
        }
    }

    /// The address to give the bot as its API URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token that the emulator accepts; any other gets 401.
    pub fn token(&self) -> &str {
        TOKEN
    }

    /// A person with a first name and English as their language. The bot finds their chat once
    /// they have written, or at once with `Person::already_started`.
    pub fn person(&self, id: i64) -> Person {
        self.person_with(id, Some("en"), "Ann")
    }

    /// A person with this language code and first name; said again, it changes them.
    pub fn person_with(&self, id: i64, language_code: Option<&str>, first_name: &str) -> Person {
        Person::new(self.shared.clone(), id, language_code, first_name)
    }

    /// The chat with a person or of a group.
    pub fn chat(&self, id: i64) -> Chat {
        let shared = self.shared.clone();
        Chat { shared, id }
    }

    /// Queues an update as it stands, `update_id` added when missing, whatever `allowed_updates`
    /// says: unknown kinds, messages that do not parse, ids of one's own.
    pub fn raw_update(&self, update: Value) -> u32 {
        self.shared.change(|state| state.push_raw(update))
    }

    /// Delivers an update once more, confirmed or not, and whatever the bot's offset is.
    pub fn deliver_again(&self, update: u32) {
        self.shared.change(|state| state.push_again(update));
    }

    /// Goes on with other update ids, as Telegram does after a quiet week.
    pub fn continue_update_ids_at(&self, next: u32) {
        self.shared.change(|state| state.next_update = next);
    }

    /// Gives one update only when an offset is asked for twice in a row. The real server does so
    /// within half a second.
    pub fn give_one_by_one_on_repeated_offset(&self, on: bool) {
        self.shared.change(|state| state.one_by_one_on_repeat = on);
    }

    /// Takes a webhook at a plain `http://` address of this machine, which Telegram refuses.
    pub fn allow_plain_http_webhooks(&self) {
        self.shared.change(|state| state.webhook.plain_http = true);
    }

    /// Pushes to these ports of this machine in turn, whatever host the URL of the webhook names, as
    /// a load balancer does that ends TLS. Where a connection is refused the next port is tried; one
    /// that breaks later is answered with 502, since the process may have taken the update.
    pub fn balance_webhook(&self, ports: &[u16]) {
        self.shared
            .change(|state| state.webhook.ports = ports.to_vec());
    }

    /// Waits this many times shorter than Telegram before an update is pushed again.
    pub fn hasten_webhook(&self, times: u32) {
        self.shared.change(|state| state.webhook.haste = times);
    }

    /// All tries to push an update so far, in order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.read(|state| state.webhook.deliveries.clone())
    }

    /// Waits until the tries to push updates are so, and returns them.
    #[track_caller]
    pub fn wait_for_deliveries(
        &self,
        mut holds: impl FnMut(&[Delivery]) -> bool,
    ) -> impl Future<Output = Vec<Delivery>> {
        let place = Location::caller();
        self.shared.until(place, "deliveries", None, move |state| {
            let deliveries = &state.webhook.deliveries;
            holds(deliveries).then(|| deliveries.clone())
        })
    }

    /// Moves the emulated clock ahead: presses expire, messages grow old.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|state| {
            state.clock_ahead += by;
            state.expire_old_presses();
        });
    }

    /// Makes all presses so far too old: not delivered any more, not answerable any more.
    pub fn expire_presses(&self) {
        self.shared.change(State::expire_all_presses);
    }

    /// Changes how long each `wait_…` waits before it fails the test.
    pub fn set_patience(&self, patience: Duration) {
        self.shared.change(|state| state.patience = patience);
    }

    /// Plans a fault; it is in force once armed.
    pub fn fault(&self, fault: Fault) -> FaultPlan {
        FaultPlan::new(self.shared.clone(), fault)
    }

    /// All requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.read(|state| state.requests.clone())
    }

    /// The requests of one method, in order of arrival.
    pub fn requests_of(&self, method: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.method == method);
        requests
    }

    /// How many requests of one method there were so far.
    pub fn count_of(&self, method: &str) -> usize {
        self.shared.read(|state| {
            let requests = state.requests.iter();
            requests.filter(|request| request.method == method).count()
        })
    }

    /// The answers to presses that Telegram accepted, in order.
    pub fn answers(&self) -> Vec<Answer> {
        self.shared.read(|state| state.answers.clone())
    }

    /// How often the bot tried to answer this press, with or without success.
    pub fn answer_attempts(&self, query: &str) -> u32 {
        self.shared.read(|state| {
            let mut presses = state.presses.iter();
            presses
                .find(|press| press.query == query)
                .map_or(0, |press| press.attempts)
        })
    }

    /// Fails unless the bot called `answerCallbackQuery` once, with success, for each press that
    /// it could answer. For tests without faults and repetitions.
    #[track_caller]
    pub fn assert_each_press_answered_once(&self) {
        self.assert_presses("exactly once", |press| {
            press.answered && press.attempts == 1
        });
    }

    /// Fails unless each press that the bot could answer has an answer, however often it tried.
    #[track_caller]
    pub fn assert_each_press_answered(&self) {
        self.assert_presses("at all", |press| press.answered);
    }

    #[track_caller]
    fn assert_presses(&self, how: &str, right: impl Fn(&Press) -> bool) {
        let wrong = self.shared.read(|state| {
            let due = state.presses.iter().filter(|press| state.is_due(press));
            let wrong = due.filter(|press| !right(press));
            wrong.map(|press| press.query.clone()).collect::<Vec<_>>()
        });
        if !wrong.is_empty() {
            panic!("Presses not answered {how}: {wrong:?}\n{}", self.dump());
        }
    }

    /// All files that the bot sent, in any chat, pictures included.
    pub fn documents(&self) -> Vec<Upload> {
        let messages = self.shared.read(|state| state.messages.clone());
        let documents = messages.into_iter().filter_map(|message| message.document);
        documents.collect()
    }

    /// The commands that the bot registered, as name and description. The scope is a type such as
    /// `default` or `all_private_chats`; no language is the empty text.
    pub fn commands(&self, scope: &str, language: &str) -> Vec<(String, String)> {
        let key = (scope.to_owned(), language.to_owned());
        self.shared
            .read(|state| state.commands.get(&key).cloned().unwrap_or_default())
    }

    /// A text of the bot's profile: `description`, `short_description` or `name`.
    pub fn profile(&self, field: &str, language: &str) -> Option<String> {
        let key = (field.to_owned(), language.to_owned());
        self.shared.read(|state| state.profile.get(&key).cloned())
    }

    /// True when the bot has asked for updates beyond this one, and so has done with it.
    pub fn is_confirmed(&self, update: u32) -> bool {
        self.shared.read(|state| state.confirmed.contains(&update))
    }

    /// How many requests there were so far.
    pub fn request_count(&self) -> usize {
        self.shared.read(|state| state.requests.len())
    }

    /// The chats that the bot changed since this was last asked, for tests with many of them.
    pub fn take_touched(&self) -> BTreeSet<i64> {
        self.shared
            .change_quietly(|state| std::mem::take(&mut state.touched))
    }

    /// Tells of every change, to who looks again at all that `take_touched` gives.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// Waits until the bot has confirmed an update. After `deliver_again`, the repetition counts.
    #[track_caller]
    pub fn wait_until_confirmed(&self, update: u32) -> impl Future<Output = ()> {
        let place = Location::caller();
        self.shared
            .until_true(place, "an update to be confirmed", move |state| {
                assert!(
                    !state.skipped.contains(&update),
                    "{place}: update {update} was never delivered, as allowed_updates leaves it out.",
                );
                state.confirmed.contains(&update)
            })
    }

    /// Waits until the bot has confirmed everything and answered every press that can be answered.
    /// What it sends after confirming may still be under way: wait for the chat too.
    #[track_caller]
    pub fn wait_until_idle(&self) -> impl Future<Output = ()> {
        let place = Location::caller();
        self.shared
            .until_true(place, "the bot to be idle", move |state| {
                let mut presses = state.presses.iter();
                let open = presses.any(|press| state.is_due(press) && !press.answered);
                state.queue.is_empty() && !open
            })
    }

    /// Waits until the log of requests is so, and returns it.
    #[track_caller]
    pub fn wait_for_requests(
        &self,
        mut holds: impl FnMut(&[Request]) -> bool,
    ) -> impl Future<Output = Vec<Request>> {
        let place = Location::caller();
        self.shared.until(place, "requests", None, move |state| {
            holds(&state.requests).then(|| state.requests.clone())
        })
    }

    /// Waits until the answers to presses are so, and returns them.
    #[track_caller]
    pub fn wait_for_answers(
        &self,
        mut holds: impl FnMut(&[Answer]) -> bool,
    ) -> impl Future<Output = Vec<Answer>> {
        let place = Location::caller();
        self.shared.until(place, "answers", None, move |state| {
            holds(&state.answers).then(|| state.answers.clone())
        })
    }

    /// Everything at once, for a failing test: chats, last requests, open updates and presses.
    pub fn dump(&self) -> String {
        self.shared.read(|state| view::dump(state, None))
    }
}
