//! The webhook that the bot set, and which update is pushed to it next.
//!
//! `methods` sets it, `push` carries the updates. As the Bot API server does it (`WebhookActor.cpp`):
//! updates stand in queues, of which each has at most one on its way, and only so many of the oldest
//! are looked at. Not emulated: how slowly that server opens connections, and that it removes a
//! webhook that answers 410 for a day.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    body::Body,
    methods::{Reply, bad},
    state::State,
};

/// Connections where the bot does not say (Bot API, `setWebhook`).
const USUAL_CONNECTIONS: usize = 40;
/// The most connections (Bot API, `setWebhook`).
const MOST_CONNECTIONS: i64 = 100;
/// The longest secret token (Bot API, `setWebhook`).
const LONGEST_SECRET: usize = 256;
/// The longest wait between two tries; the server takes up to twice of it, by chance.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// More than this is not waited for, whatever `Retry-After` says.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The webhook, and how pushing goes.
#[derive(Debug)]
pub struct Webhook {
    /// Empty while there is none.
    pub url: String,
    secret: String,
    max_connections: usize,
    /// When an update last could not be pushed, on the emulated clock, and why.
    last_error: Option<(Duration, String)>,
    /// Tests allow plain HTTP to this machine.
    pub plain_http: bool,
    /// The ports behind the balancer; none where Telegram calls the URL itself.
    pub ports: Vec<u16>,
    /// Whose turn it is.
    turn: usize,
    /// Waits are this many times shorter than Telegram's.
    pub haste: u32,
    queues: BTreeMap<Queue, Progress>,
    /// What was pushed, in order.
    pub deliveries: Vec<Delivery>,
}

/// One try to push an update.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub update: u32,
    /// The port that answered, where there is a balancer.
    pub port: Option<u16>,
    /// The status of the answer; `None` while it is on its way, and when there was no answer.
    pub status: Option<u16>,
    pub ended: bool,
    /// After how long it was to be pushed again, before haste; `None` once it was taken.
    pub again_after: Option<Duration>,
}

/// Whose updates wait for each other: messages of a chat, presses of a person, changes of a
/// membership; anything else waits for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Queue {
    Messages(i64),
    Presses(i64),
    Membership(i64),
    Alone(u32),
}

/// How far the first update of a queue is.
#[derive(Debug)]
struct Progress {
    update: u32,
    under_way: bool,
    fails: u32,
    delay: Duration,
    not_before: Option<Instant>,
}

/// An update on its way.
#[derive(Debug)]
pub struct Parcel {
    pub update: Value,
    pub url: String,
    pub secret: String,
    /// The ports to try, in this order.
    pub ports: Vec<u16>,
    pub chat: Option<i64>,
    id: u32,
    queue: Queue,
    /// The place in the log of deliveries.
    number: usize,
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    Push(Box<Parcel>),
    /// Nothing before something changes, or it is then.
    Wait(Option<Instant>),
}

/// What became of a parcel.
#[derive(Debug)]
pub struct Outcome {
    pub port: Option<u16>,
    pub status: Option<u16>,
    /// Why it was not taken, in the words of `last_error_message`.
    pub error: Option<String>,
    pub retry_after: Option<Duration>,
}

impl Default for Webhook {
    fn default() -> Self {
        Webhook {
            url: String::new(),
            secret: String::new(),
            max_connections: USUAL_CONNECTIONS,
            last_error: None,
            plain_http: false,
            ports: Vec::new(),
            turn: 0,
            haste: 1,
            queues: BTreeMap::new(),
            deliveries: Vec::new(),
        }
    }
}

impl Webhook {
    /// Whether updates are pushed, so that nobody may fetch them.
    pub fn is_set(&self) -> bool {
        !self.url.is_empty()
    }

    fn takes(&self, url: &str) -> bool {
        let here = ["http://127.0.0.1:", "http://localhost:"];
        url.starts_with("https://")
            || self.plain_http && here.iter().any(|here| url.starts_with(here))
    }

    /// The ports from the one whose turn it is.
    fn ports_in_turn(&mut self) -> Vec<u16> {
        let mut ports = self.ports.clone();
        if !ports.is_empty() {
            let first = self.turn % ports.len();
            ports.rotate_left(first);
            self.turn += 1;
        }
        ports
    }
}

/// `getWebhookInfo`.
pub fn info(state: &State) -> Value {
    let webhook = &state.webhook;
    let mut info = json!({
        "url": webhook.url,
        "has_custom_certificate": false,
        "pending_update_count": state.queue.len(),
    });
    if webhook.is_set() {
        info["max_connections"] = json!(webhook.max_connections);
    }
    if let Some((at, message)) = &webhook.last_error {
        info["last_error_date"] = json!(at.as_secs());
        info["last_error_message"] = json!(message);
    }
    if let Some(allowed) = &state.allowed {
        info["allowed_updates"] = json!(allowed);
    }
    info
}

/// `setWebhook`, and with an empty URL `deleteWebhook`. The address is not called before it is set.
pub fn set(state: &mut State, url: &str, body: &Body) -> Result<Value, Reply> {
    if !url.is_empty() && !state.webhook.takes(url) {
        return Err(bad(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    let secret = body.text("secret_token");
    if secret.len() > LONGEST_SECRET {
        return Err(bad("secret token is too long"));
    }
    if !secret
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        return Err(bad("secret token contains unallowed characters"));
    }
    let connections = body.number("max_connections").filter(|most| *most > 0);
    let connections = connections.map(|most| most.min(MOST_CONNECTIONS).unsigned_abs() as usize);
    state.webhook.url = url.to_owned();
    state.webhook.secret = secret.to_owned();
    state.webhook.max_connections = connections.unwrap_or(USUAL_CONNECTIONS);
    state.webhook.last_error = None;
    state.allow(body.get("allowed_updates"));
    if body.flag("drop_pending_updates") {
        state.queue.clear();
    }
    Ok(json!(true))
}

impl State {
    /// Takes the next update to be pushed, if one may be now.
    pub fn next_to_push(&mut self, now: Instant) -> Next {
        self.drop_what_expired();
        let webhook = &self.webhook;
        let under_way = webhook.queues.values().filter(|first| first.under_way);
        if !webhook.is_set() || under_way.count() >= webhook.max_connections {
            return Next::Wait(None);
        }
        let mut seen = BTreeSet::new();
        let mut soonest: Option<Instant> = None;
        // The server looks at twice as many as it has connections (`max_loaded_updates_`).
        for queued in self.queue.iter().take(2 * webhook.max_connections) {
            let (queue, chat) = queue_of(queued.id, &queued.update);
            if !seen.insert(queue) {
                continue;
            }
            let progress = self.webhook.queues.get(&queue);
            match progress.filter(|first| first.under_way || first.update == queued.id) {
                Some(first) if first.under_way => continue,
                Some(first) if first.not_before.is_some_and(|at| at > now) => {
                    soonest = [soonest, first.not_before].into_iter().flatten().min();
                    continue;
                }
                _ => {}
            }
            let (id, update) = (queued.id, queued.update.clone());
            return Next::Push(Box::new(self.send_off(id, update, queue, chat)));
        }
        Next::Wait(soonest)
    }

    fn send_off(&mut self, id: u32, update: Value, queue: Queue, chat: Option<i64>) -> Parcel {
        let webhook = &mut self.webhook;
        let fresh = || Progress {
            update: id,
            under_way: true,
            fails: 0,
            delay: Duration::from_secs(1),
            not_before: None,
        };
        let first = webhook.queues.entry(queue).or_insert_with(fresh);
        if first.update != id {
            *first = fresh();
        }
        first.under_way = true;
        webhook.deliveries.push(Delivery {
            update: id,
            port: None,
            status: None,
            ended: false,
            again_after: None,
        });
        Parcel {
            update,
            url: webhook.url.clone(),
            secret: webhook.secret.clone(),
            ports: webhook.ports_in_turn(),
            chat,
            id,
            queue,
            number: webhook.deliveries.len() - 1,
        }
    }

    /// Notes what became of a parcel: taken, or to be pushed again later.
    pub fn pushed(&mut self, parcel: &Parcel, outcome: Outcome) {
        let at = self.now();
        let webhook = &mut self.webhook;
        let delivery = &mut webhook.deliveries[parcel.number];
        delivery.port = outcome.port;
        delivery.status = outcome.status;
        delivery.ended = true;
        let Some(error) = outcome.error else {
            webhook.queues.remove(&parcel.queue);
            if let Some(place) = self.queue.iter().position(|queued| queued.id == parcel.id) {
                self.queue.remove(place);
            }
            self.confirmed.insert(parcel.id);
            return;
        };
        webhook.last_error = Some((at, error));
        let Some(first) = webhook.queues.get_mut(&parcel.queue) else {
            return;
        };
        first.under_way = false;
        let asked = outcome.retry_after.unwrap_or_default();
        let wait = if !asked.is_zero() {
            asked.min(LONGEST_RETRY_AFTER)
        } else if first.fails == 0 {
            Duration::ZERO
        } else {
            first.delay = (first.delay * 2).min(LONGEST_DELAY);
            first.delay
        };
        webhook.deliveries[parcel.number].again_after = Some(wait);
        first.fails += 1;
        first.not_before = Some(Instant::now() + wait / webhook.haste);
    }
}

/// The queue of an update, and the chat it is about.
fn queue_of(id: u32, update: &Value) -> (Queue, Option<i64>) {
    if let Some(press) = update.get("callback_query") {
        let chat = press["message"]["chat"]["id"].as_i64();
        let person = press["from"]["id"].as_i64();
        return match person {
            Some(person) => (Queue::Presses(person), chat.or(person.into())),
            None => (Queue::Alone(id), chat),
        };
    }
    let chat_in = |kind: &str| update.get(kind)?["chat"]["id"].as_i64();
    if let Some(chat) = chat_in("message").or_else(|| chat_in("edited_message")) {
        return (Queue::Messages(chat), Some(chat));
    }
    match chat_in("my_chat_member") {
        Some(chat) => (Queue::Membership(chat), Some(chat)),
        None => (Queue::Alone(id), None),
    }
}
