//! What the emulated Telegram knows: chats, messages, the queue of updates, presses, requests.
//!
//! `Shared` guards it and tells waiters of every change. People write to it, methods read and
//! write it, `view` shows it to tests. No decision about a request is taken here.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    panic::Location,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tokio::{runtime::Handle, sync::watch};

use super::{
    body::Upload,
    fault::Armed,
    view::{self, Answer, Message, Request},
    webhook::Webhook,
};

/// How long a test waits for the bot before it fails, unless told otherwise. It is a bound on
/// hanging, not a measure.
const PATIENCE: Duration = Duration::from_secs(20);
/// Presses are kept and may be answered for so long (`telegram.md`, «Presses»).
pub const PRESS_LIFE: Duration = Duration::from_secs(150);
/// Other updates are kept for so long (Bot API, «Getting updates»).
const UPDATE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// The kinds that a bot gets only when it asks for them by name (Bot API, `allowed_updates`).
const ONLY_ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];
/// An offset further ahead than this is taken for a mistake (Bot API server, `TQueue::get`).
const FARTHEST_OFFSET: i64 = 10;

/// The state behind its lock, and the news of its changes.
pub struct Shared {
    state: Mutex<State>,
    pub changed: watch::Sender<u64>,
    runtime: Handle,
}

impl Shared {
    pub fn new(state: State, runtime: Handle) -> Self {
        Shared {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            runtime,
        }
    }

    /// Looks at the state.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state and wakes everyone who waits for a change.
    pub fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let done = act(&mut self.lock());
        self.changed.send_modify(|count| *count += 1);
        done
    }

    /// Changes the state without waking anyone, for what nobody waits for.
    pub fn change_quietly<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.lock())
    }

    /// Waits until `look` finds something; fails the test with a dump when it takes too long.
    pub async fn until<T>(
        &self,
        place: &Location<'_>,
        what: &str,
        chat: Option<i64>,
        mut look: impl FnMut(&State) -> Option<T>,
    ) -> T {
        let mut changed = self.changed.subscribe();
        let patience = self.read(|state| state.patience);
        let deadline = self.runtime.spawn(tokio::time::sleep(patience));
        tokio::pin!(deadline);
        loop {
            changed.borrow_and_update();
            let found = self.read(&mut look);
            if let Some(found) = found {
                deadline.abort();
                return found;
            }
            tokio::select! {
                _ = changed.changed() => {}
                _ = &mut deadline => {
                    let dump = self.read(|state| view::dump(state, chat));
                    panic!("{place}: waited {patience:?} for {what}.\n{dump}");
                }
            }
        }
    }

    /// As `until`, of a fixed condition.
    pub fn until_true<'a>(
        &'a self,
        place: &'a Location<'a>,
        what: &'a str,
        mut holds: impl FnMut(&State) -> bool + 'a,
    ) -> impl Future<Output = ()> + 'a {
        self.until(place, what, None, move |state| holds(state).then_some(()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person or a group, as the bot can reach it.
#[derive(Clone, Debug)]
pub struct ChatRecord {
    pub id: i64,
    pub name: String,
    pub username: Option<String>,
    pub language_code: Option<String>,
    /// False until the person first wrote: until then the bot does not find the chat.
    pub started: bool,
    pub blocked: bool,
}

impl ChatRecord {
    /// The chat as the Bot API describes it.
    pub fn as_chat(&self) -> Value {
        if self.id > 0 {
            let mut chat = json!({ "id": self.id, "type": "private", "first_name": self.name });
            if let Some(username) = &self.username {
                chat["username"] = json!(username);
            }
            chat
        } else {
            let supergroup = self.id <= -1_000_000_000_000;
            let kind = if supergroup { "supergroup" } else { "group" };
            json!({ "id": self.id, "type": kind, "title": self.name })
        }
    }

    /// The person as the Bot API describes a user.
    pub fn as_user(&self) -> Value {
        let mut user = json!({ "id": self.id, "is_bot": false, "first_name": self.name });
        if let Some(username) = &self.username {
            user["username"] = json!(username);
        }
        if let Some(language_code) = &self.language_code {
            user["language_code"] = json!(language_code);
        }
        user
    }
}

/// An update that waits to be fetched and confirmed.
#[derive(Clone, Debug)]
pub struct Queued {
    pub id: u32,
    pub update: Value,
    pub expires: Duration,
    /// Delivered once whatever the offset: a repetition asked for by a test.
    pub again: bool,
}

/// A press on a button, and what became of it.
#[derive(Clone, Debug)]
pub struct Press {
    pub query: String,
    pub chat: i64,
    pub update: u32,
    pub at: Duration,
    pub expired: bool,
    /// How often the bot called `answerCallbackQuery` for it, with or without success.
    pub attempts: u32,
    pub answered: bool,
}

/// Everything the emulated Telegram knows. Times are since 1970 on the emulated clock.
pub struct State {
    pub token: String,
    pub patience: Duration,
    pub clock_ahead: Duration,
    pub chats: BTreeMap<i64, ChatRecord>,
    pub messages: Vec<Message>,
    /// The places of a chat's messages in `messages`.
    pub places: BTreeMap<i64, Vec<usize>>,
    /// The chats that the bot changed since a test last asked for them.
    pub touched: BTreeSet<i64>,
    pub next_message: i64,
    pub next_update: u32,
    pub queue: VecDeque<Queued>,
    pub history: BTreeMap<u32, Value>,
    pub confirmed: BTreeSet<u32>,
    pub skipped: BTreeSet<u32>,
    pub allowed: Option<BTreeSet<String>>,
    /// Counts long polls, so that an older one notices a newer one.
    pub poll_turn: u64,
    pub last_offset: Option<i64>,
    pub one_by_one_on_repeat: bool,
    pub webhook: Webhook,
    pub presses: Vec<Press>,
    pub answers: Vec<Answer>,
    pub requests: Vec<Request>,
    pub files: BTreeMap<String, Upload>,
    pub faults: Vec<Armed>,
    pub commands: BTreeMap<(String, String), Vec<(String, String)>>,
    pub profile: BTreeMap<(String, String), String>,
}

impl State {
    pub fn new(token: &str, first_update: u32) -> Self {
        State {
            token: token.to_owned(),
            patience: PATIENCE,
            clock_ahead: Duration::ZERO,
            chats: BTreeMap::new(),
            messages: Vec::new(),
            places: BTreeMap::new(),
            touched: BTreeSet::new(),
            next_message: 1,
            next_update: first_update,
            queue: VecDeque::new(),
            history: BTreeMap::new(),
            confirmed: BTreeSet::new(),
            skipped: BTreeSet::new(),
            allowed: None,
            poll_turn: 0,
            last_offset: None,
            one_by_one_on_repeat: false,
            webhook: Webhook::default(),
            presses: Vec::new(),
            answers: Vec::new(),
            requests: Vec::new(),
            files: BTreeMap::new(),
            faults: Vec::new(),
            commands: BTreeMap::new(),
            profile: BTreeMap::new(),
        }
    }

    /// The emulated time: the real one, moved ahead as the test asked.
    #[allow(clippy::disallowed_methods)] // Telegram has a clock of its own.
    pub fn now(&self) -> Duration {
        let real = SystemTime::now().duration_since(UNIX_EPOCH);
        real.unwrap_or_default() + self.clock_ahead
    }

    /// The bot as the Bot API describes a user.
    pub fn bot(&self) -> Value {
        let (id, _) = self.token.split_once(':').unwrap_or(("1", ""));
        json!({
            "id": id.parse::<i64>().unwrap_or(1),
            "is_bot": true,
            "first_name": "Backtalk",
            "username": super::USERNAME,
        })
    }

    /// A chat that tests have made known.
    pub fn chat(&self, id: i64) -> &ChatRecord {
        let chat = self.chats.get(&id);
        chat.unwrap_or_else(|| panic!("The test never made chat {id} known."))
    }

    /// The messages of a chat, in order, deleted ones included.
    pub fn messages_of(&self, chat: i64) -> impl Iterator<Item = &Message> {
        let places = self.places.get(&chat).into_iter().flatten();
        places.map(|place| &self.messages[*place])
    }

    /// The place of a message in `messages`, by chat and id, deleted ones included.
    pub fn place_of(&self, chat: i64, id: i64) -> Option<usize> {
        let mut places = self.places.get(&chat)?.iter().rev();
        places
            .find(|place| self.messages[**place].id == id)
            .copied()
    }

    /// A message by chat and id, deleted ones included.
    pub fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        Some(&self.messages[self.place_of(chat, id)?])
    }

    /// Adds a message to its chat and gives it an id.
    pub fn add_message(&mut self, mut message: Message) -> Message {
        message.id = self.next_message;
        message.sent_at = self.now();
        self.next_message += 1;
        let places = self.places.entry(message.chat).or_default();
        places.push(self.messages.len());
        if message.from.is_none() {
            self.touched.insert(message.chat);
        }
        self.messages.push(message.clone());
        message
    }

    /// A message as the Bot API describes it.
    pub fn as_message(&self, message: &Message) -> Value {
        let from = match message.from {
            Some(person) => self.chat(person).as_user(),
            None => self.bot(),
        };
        let mut out = json!({
            "message_id": message.id,
            "from": from,
            "chat": self.chat(message.chat).as_chat(),
            "date": message.sent_at.as_secs(),
        });
        for (name, value) in &message.extra {
            out[name] = value.clone();
        }
        let (text, entities) = match message.document {
            Some(_) => ("caption", "caption_entities"),
            None => ("text", "entities"),
        };
        if !message.text.is_empty() {
            out[text] = json!(message.text);
        }
        if !message.entities.is_empty() {
            out[entities] = json!(message.entities);
        }
        if message.edits > 0 {
            out["edit_date"] = json!(self.now().as_secs());
        }
        let inline = |markup: &&Value| markup.get("inline_keyboard").is_some();
        if let Some(markup) = message.markup.as_ref().filter(inline) {
            out["reply_markup"] = markup.clone();
        }
        out
    }

    /// Queues an update unless `allowed_updates` leaves its kind out, and returns its id.
    pub fn push_update(&mut self, kind: &str, content: Value) -> u32 {
        let wanted = match &self.allowed {
            Some(allowed) => allowed.contains(kind),
            None => !ONLY_ON_REQUEST.contains(&kind),
        };
        let id = self.next_update;
        self.next_update += 1;
        let update = json!({ "update_id": id, kind: content });
        if wanted {
            self.enqueue(id, update, false);
        } else {
            self.skipped.insert(id);
            self.history.insert(id, update);
        }
        id
    }

    /// Queues an update that a test wrote by hand, whatever `allowed_updates` says.
    pub fn push_raw(&mut self, mut update: Value) -> u32 {
        let given = update.get("update_id").and_then(Value::as_u64);
        let id = match given.and_then(|id| u32::try_from(id).ok()) {
            Some(id) => id,
            None => {
                self.next_update += 1;
                self.next_update - 1
            }
        };
        update["update_id"] = json!(id);
        self.enqueue(id, update, false);
        id
    }

    /// Queues an update once more, under the id it had.
    pub fn push_again(&mut self, id: u32) {
        let update = self.history.get(&id).cloned();
        let update = update.unwrap_or_else(|| panic!("There was no update {id} to repeat."));
        self.confirmed.remove(&id);
        self.enqueue(id, update, true);
    }

    fn enqueue(&mut self, id: u32, update: Value, again: bool) {
        let life = match update.get("callback_query") {
            Some(_) => PRESS_LIFE,
            None => UPDATE_LIFE,
        };
        self.history.insert(id, update.clone());
        let queued = Queued {
            id,
            update,
            expires: self.now() + life,
            again,
        };
        let place = self.queue.partition_point(|other| other.id <= id);
        self.queue.insert(place, queued);
    }

    /// Drops the updates that Telegram keeps no longer.
    pub fn drop_what_expired(&mut self) {
        let now = self.now();
        self.queue.retain(|queued| queued.expires >= now);
    }

    /// Confirms what lies below the offset and returns what is there, at most `limit`.
    pub fn fetch(&mut self, offset: i64, limit: usize) -> Vec<Value> {
        self.drop_what_expired();
        let offset = match offset {
            ahead if ahead > i64::from(self.next_update) + FARTHEST_OFFSET => 0,
            0.. => offset,
            from_end => {
                let keep = usize::try_from(-from_end).unwrap_or(usize::MAX);
                let drop = self.queue.len().saturating_sub(keep);
                self.queue
                    .get(drop)
                    .map_or(i64::from(self.next_update), |first| i64::from(first.id))
            }
        };
        let (confirmed, left): (Vec<_>, Vec<_>) = self
            .queue
            .drain(..)
            .partition(|queued| !queued.again && i64::from(queued.id) < offset);
        self.confirmed
            .extend(confirmed.into_iter().map(|queued| queued.id));
        self.queue = left.into();
        let fetched = self.queue.iter_mut().take(limit);
        fetched
            .map(|queued| {
                queued.again = false;
                queued.update.clone()
            })
            .collect()
    }

    /// Remembers which kinds of updates the bot wants; an empty list means the usual ones.
    pub fn allow(&mut self, kinds: Option<&Value>) {
        let Some(kinds) = kinds.and_then(Value::as_array) else {
            return;
        };
        let names: BTreeSet<_> = kinds.iter().filter_map(Value::as_str).collect();
        self.allowed = (!names.is_empty()).then(|| names.into_iter().map(str::to_owned).collect());
    }

    /// True for a press that reached the bot, or will, in time to be answered.
    pub fn is_due(&self, press: &Press) -> bool {
        !press.expired && !self.skipped.contains(&press.update)
    }

    /// Marks presses as expired that are older than Telegram keeps them.
    pub fn expire_old_presses(&mut self) {
        let now = self.now();
        for press in &mut self.presses {
            press.expired |= now > press.at + PRESS_LIFE;
        }
    }

    /// Makes every press so far too old to be answered, and drops those not fetched yet.
    pub fn expire_all_presses(&mut self) {
        for press in &mut self.presses {
            press.expired = true;
        }
        self.queue
            .retain(|queued| queued.update.get("callback_query").is_none());
    }
}
