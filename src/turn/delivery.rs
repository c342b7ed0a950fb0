//! Sending what a record owes, and settling what was sent.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::clock::Clock;
use crate::engine::Priority;
use crate::metrics::metrics;
use crate::picture;
use crate::store::commons::DeadLetter;

/// Somebody who waits for their turn to send holds the lease on it anew this often.
const RENEWAL: Duration = Duration::from_secs(8);

/// The same, as the clock of the turn tells it.
const RENEWAL_OF_OURS: SignedDuration = SignedDuration::from_secs(8);

/// A message that the messenger refuses this often is given up.
const MOST_REFUSALS: u8 = 5;

/// The wait before a question is folded that stands below the one which others showed meanwhile.
const SOON: SignedDuration = SignedDuration::from_secs(1);

/// The wait after the messenger refused a message: the same words are hardly taken a moment later.
const AFTER_REFUSAL: Duration = Duration::from_secs(10);

/// Send everything that this record owes and bring the question message up to date; then settle. The
/// answer is when the person is due then.
///
/// What is not urgent by itself goes out as `urgency` says. What could not be sent stays owed. When
/// the record is changed by somebody else meanwhile, their delivery follows, and this one ends.
pub async fn deliver(
    bot: &Bot,
    person: Person,
    record: Record,
    channel: &dyn Channel,
    urgency: Priority,
    clock: &dyn Clock,
) -> Result<Option<Timestamp>, StoreError> {
    deliver_after(bot, person, record, channel, urgency, clock, None).await
}

/// The same, when the question was edited already and that came to an error.
pub async fn deliver_after(
    bot: &Bot,
    person: Person,
    record: Record,
    channel: &dyn Channel,
    urgency: Priority,
    clock: &dyn Clock,
    edited: Option<SendError>,
) -> Result<Option<Timestamp>, StoreError> {
    let due = record.due;
    let Some(session) = record.body.session.clone() else {
        return Ok(due);
    };
    let d = bot.edition_or_today(&record).await?;
    let now = clock.now();
    let state = State::of(&d, &session);
    let seen = Seen::of_state(&d, &session, &state, now);
    if !has_undelivered(&seen, &record) && !has_progress(&seen, &record) {
        return Ok(due);
    }
    let mut delivery = Delivery {
        bot,
        d,
        person,
        channel,
        urgency,
        clock,
        session,
        state,
        record,
        leased: clock.now(),
        edited,
        done: Delivered::default(),
    };
    match delivery.send_all().await {
        Ok(()) | Err(Stop::Overtaken | Stop::Send(SendError::NoMessage)) => {}
        Err(Stop::Send(SendError::Gone)) => {
            let now = clock.now();
            take(bot, person, &Input::Blocked, &Origin::default(), now).await?;
            delivery.done.gone = true;
        }
        Err(Stop::Send(SendError::Later(wait))) => delivery.done.wait = Some(wait),
        Err(Stop::Send(SendError::Refused)) => delivery.done.wait = Some(AFTER_REFUSAL),
        // What was sent is settled all the same, if that can be.
        Err(Stop::Store) => {}
    }
    delivery.settle().await
}

struct Delivery<'a> {
    bot: &'a Bot,
    /// The edition that the session is held over.
    d: Arc<Dialogue>,
    person: Person,
    channel: &'a dyn Channel,
    urgency: Priority,
    clock: &'a dyn Clock,
    session: Session,
    /// The session folded.
    state: State,
    /// As it stands in the store, unless somebody else changes it.
    record: Record,
    /// When the lease on the delivery began, or was renewed.
    leased: Timestamp,
    /// What the edit of the question came to, when it was tried before.
    edited: Option<SendError>,
    done: Delivered,
}

/// Why sending ended early.
enum Stop {
    Send(SendError),
    /// Somebody else has changed the record, and delivers it.
    Overtaken,
    /// The store does not answer.
    Store,
}

impl From<SendError> for Stop {
    fn from(error: SendError) -> Stop {
        Stop::Send(error)
    }
}

#[derive(Default)]
struct Delivered {
    sent: Vec<u32>,
    refused: Vec<u32>,
    folded: Vec<i64>,
    shown: Option<Shown>,
    over: Vec<i64>,
    live: Option<Live>,
    /// The open question was refused; the hash of its view.
    view_refused: Option<u64>,
    gone: bool,
    wait: Option<Duration>,
}

impl Delivery<'_> {
    async fn send_all(&mut self) -> Result<(), Stop> {
        let mut owed = self.record.body.owed.clone();
        owed.sort_by_key(|o| (o.owed.priority().unwrap_or(self.urgency), o.number));
        for entry in owed {
            self.note_sent().await?;
            match self.send_owed(&entry).await {
                Ok(()) => self.done.sent.push(entry.number),
                Err(Stop::Send(SendError::Refused)) => {
                    self.done.refused.push(entry.number);
                    self.done.wait = Some(AFTER_REFUSAL);
                }
                Err(other) => return Err(other),
            }
        }
        self.show_question().await?;
        self.show_live().await?;
        self.fold_questions().await?;
        self.end_live().await
    }

    async fn send_owed(&mut self, entry: &OwedEntry) -> Result<(), Stop> {
        let priority = entry.owed.priority().unwrap_or(self.urgency);
        if entry.owed == Owed::Export {
            self.ready(priority).await?;
            let all = engine::export::export(&self.d, &self.session, self.clock.now());
            self.channel
                .file(self.person, "backtalk.json", &all)
                .await?;
            return Ok(());
        }
        // What it says of the time is true when its turn has come.
        self.ready(priority).await?;
        if entry.owed == Owed::History {
            return self.send_history(entry).await;
        }
        let now = self.clock.now();
        if !engine::meant::is_timely(&self.d, &self.session, &entry.owed, now) {
            return Ok(());
        }
        let view = view::render_of(&self.d, &self.session, &self.state, &entry.owed, now);
        // What a log no longer holds cannot be told; it must not stand in the way of others.
        let parts = parts(view).into_iter().filter(|v| !v.text.is_empty());
        for (n, part) in parts.enumerate() {
            if n > 0 {
                self.ready(priority).await?;
            }
            self.send(&part).await?;
        }
        if let Owed::Reminder { planned_ms, .. } = entry.owed
            && view::is_late(&self.d, planned_ms, now)
        {
            metrics().late.one();
        }
        Ok(())
    }

    /// The picture of the days, with what it shows in words. Should it not be drawn, the words go.
    async fn send_history(&self, entry: &OwedEntry) -> Result<(), Stop> {
        let d = &*self.d;
        let now = self.clock.now();
        let view = view::render_of(d, &self.session, &self.state, &entry.owed, now);
        let history = picture::of_session(d, &self.session, now);
        // Drawing takes a moment, in which others are answered.
        let drawn = tokio::task::spawn_blocking(move || picture::png(&history)).await;
        match drawn
            .map_err(|e| e.to_string())
            .and_then(|png| png.map_err(|e| e.to_string()))
        {
            Ok(png) => {
                fail_point::reach("send.before");
                let name = "backtalk-days.png";
                let sent = self
                    .channel
                    .photo(self.person, name, &png, &view.text)
                    .await;
                fail_point::reach("send.after");
                sent?;
            }
            Err(error) => {
                tracing::error!(%error, "the picture of the days could not be drawn");
                self.send(&view).await?;
            }
        }
        Ok(())
    }

    async fn send(&self, view: &View) -> Result<i64, SendError> {
        fail_point::reach("send.before");
        let sent = self.channel.send(self.person, view).await;
        fail_point::reach("send.after");
        sent
    }

    async fn show_question(&mut self) -> Result<(), Stop> {
        let (d, session, state) = (&*self.d, &self.session, &self.state);
        let Some(open) = view::view_of(d, session, state, self.clock.now()) else {
            return Ok(());
        };
        let view = hash(&open);
        let before = self.record.body.shown;
        if before.is_some_and(|shown| shown.view == view) {
            return Ok(());
        }
        let tried = self.edited.take().filter(|_| before.is_some());
        if tried.is_none() {
            self.ready(self.urgency).await?;
        }
        let edited = match (tried, before) {
            (Some(error), _) => Err(error),
            (None, Some(shown)) => {
                fail_point::reach("send.before");
                let edited = self.channel.edit(self.person, shown.message, &open).await;
                fail_point::reach("send.after");
                edited.map(|()| shown.message)
            }
            (None, None) => Err(SendError::NoMessage),
        };
        let message = match edited {
            // Whatever is wrong with that message, a new one is the way on.
            Err(SendError::NoMessage | SendError::Refused) => {
                self.note_sent().await?;
                self.send(&open).await
            }
            other => other,
        };
        match message {
            Ok(message) => self.done.shown = Some(Shown { message, view }),
            Err(SendError::Refused) => {
                self.done.view_refused = Some(view);
                self.done.wait = Some(AFTER_REFUSAL);
            }
            Err(other) => return Err(other.into()),
        }
        Ok(())
    }

    /// Bring the message of a round or an exercise up to date. The first is as urgent as what it
    /// answers; how far it has come can wait for everything else.
    async fn show_live(&mut self) -> Result<(), Stop> {
        let Some((began_ms, view)) = self.live() else {
            return Ok(());
        };
        let before = self.record.body.live.filter(|l| l.began_ms == began_ms);
        let Some(before) = before else {
            self.note_sent().await?;
            self.ready(self.urgency).await?;
            return self.send_live().await;
        };
        if before.shown.view == hash(&view) {
            return Ok(());
        }
        self.ready(Priority::Progress).await?;
        // While it waited, it may have gone on, or be over.
        let Some((_, view)) = self.live().filter(|(began, _)| *began == began_ms) else {
            return Ok(());
        };
        let message = before.shown.message;
        fail_point::reach("send.before");
        let edited = self.channel.edit(self.person, message, &view).await;
        fail_point::reach("send.after");
        match edited {
            // One that was deleted comes again with the next; the next may be taken.
            Err(SendError::NoMessage) => return self.send_live().await,
            Ok(()) | Err(SendError::Refused) => {}
            Err(other) => return Err(other.into()),
        }
        self.live_is(began_ms, message, &view);
        Ok(())
    }

    /// The message of a round or an exercise, as it is to be now.
    fn live(&self) -> Option<(i64, View)> {
        let rounds = engine::rounds::fold(&self.d, &self.session, &self.state);
        let now = self.clock.now();
        view::live_of(&self.d, &self.session, &self.state, &rounds, now)
    }

    /// How they stand, unless somebody else has changed the record.
    fn seen(&self, now: Timestamp) -> Seen {
        Seen::of_state(&self.d, &self.session, &self.state, now)
    }

    /// When the next timer is due.
    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let timers = timers::timers(&self.d, &self.session, &self.state, now);
        timers.first().map(|timer| timer.at)
    }

    fn live_is(&mut self, began_ms: i64, message: i64, view: &View) {
        let view = hash(view);
        self.done.live = Some(Live {
            began_ms,
            shown: Shown { message, view },
        });
    }

    async fn send_live(&mut self) -> Result<(), Stop> {
        let Some((began_ms, view)) = self.live() else {
            return Ok(());
        };
        let message = match self.send(&view).await {
            Ok(message) => message,
            // It is only the picture of a round whose reminders go out all the same.
            Err(SendError::Refused) => 0,
            Err(other) => return Err(other.into()),
        };
        self.live_is(began_ms, message, &view);
        Ok(())
    }

    /// Say that rounds and exercises are over, in their own messages.
    async fn end_live(&mut self) -> Result<(), Stop> {
        let over = view::live_over(&self.d);
        for message in self.record.body.over.clone() {
            self.ready(self.urgency).await?;
            match self.channel.edit(self.person, message, &over).await {
                Ok(()) | Err(SendError::NoMessage | SendError::Refused) => {
                    self.done.over.push(message);
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    async fn fold_questions(&mut self) -> Result<(), Stop> {
        let folding = self.record.body.folding.clone();
        if folding.is_empty() {
            return Ok(());
        }
        let folded = self.folded();
        for message in folding {
            self.ready(self.urgency).await?;
            match self.channel.edit(self.person, message, &folded).await {
                Ok(()) | Err(SendError::NoMessage | SendError::Refused) => {
                    self.done.folded.push(message);
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    /// What a question message says once it is left behind.
    fn folded(&self) -> View {
        let d = &*self.d;
        if !self.state.open {
            return view::folded(d, &self.session, &self.state);
        }
        let moved = d.messages.get("moved");
        View {
            text: moved
                .map(|m| m.text.source().to_owned())
                .unwrap_or_default(),
            rows: Vec::new(),
        }
    }

    /// Wait for one's turn. Meanwhile the lease on the delivery is renewed, so that nobody else
    /// sends the same; it ends when somebody else has changed the record.
    async fn ready(&mut self, priority: Priority) -> Result<(), Stop> {
        let channel = self.channel;
        let mut ready = pin!(channel.ready(self.person, priority));
        if ready.as_mut().now_or_never().is_none() {
            loop {
                tokio::select! {
                    () = &mut ready => break,
                    () = tokio::time::sleep(self.until_renewal()) => self.renew().await?,
                }
            }
        }
        if self.clock.now().duration_since(self.leased) > RENEWAL_OF_OURS {
            self.renew().await?;
        }
        Ok(())
    }

    /// Until the lease on the delivery must be renewed, or a timer comes that may be more urgent.
    fn until_renewal(&self) -> Duration {
        let now = self.clock.now();
        let next = self.next_due(now);
        next.map_or(RENEWAL, |at| self.clock.until(at).min(RENEWAL))
    }

    /// Before another new message goes out, the one before is noted as sent: a crash then repeats
    /// one message at most, and not all.
    async fn note_sent(&mut self) -> Result<(), Stop> {
        let mut owed = self.record.body.owed.iter();
        if owed.any(|o| self.done.sent.contains(&o.number)) {
            self.renew().await?;
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Stop> {
        let now = self.clock.now();
        let next = self.next_due(now);
        if next.is_some_and(|at| at <= now) {
            // A timer has come meanwhile, and may be more urgent than this.
            return Err(Stop::Send(SendError::Later(Duration::ZERO)));
        }
        let mut next = self.record.clone();
        let owed = &mut next.body.owed;
        owed.retain(|o| !self.done.sent.contains(&o.number));
        note_due(Some(&self.seen(now)), &mut next, now);
        let renewed = self
            .bot
            .store
            .commit(self.person, self.record.version, &next, None)
            .await;
        match renewed {
            Ok(Commit::Applied) => {
                next.version = self.record.version + 1;
                self.record = next;
                self.leased = self.clock.now();
                Ok(())
            }
            Ok(_) => Err(Stop::Overtaken),
            Err(_) => Err(Stop::Store),
        }
    }

    /// Store what was sent, whatever happened to the record meanwhile; the answer is when they are due
    /// then.
    async fn settle(self) -> Result<Option<Timestamp>, StoreError> {
        let (store, person, done) = (&self.bot.store, self.person, &self.done);
        let before = self.record.body.shown;
        let before_live = self.record.body.live;
        let mut found = if done.gone {
            match store.load(person).await? {
                Some(record) => record,
                None => return Ok(None),
            }
        } else {
            self.record
        };
        for _ in 0..MOST_CONFLICTS {
            let mut next = found.clone();
            let given_up = done.note_in(&mut next, before, before_live);
            let now = self.clock.now();
            // Whoever changed the record may have moved it to another form.
            let d = self.bot.edition_or_today(&next).await?;
            let seen = match &next.body.session {
                Some(session) if *session == self.session => {
                    Some(Seen::of_state(&d, session, &self.state, now))
                }
                _ => seen(&d, &next, now),
            };
            if let Some(seen) = &seen {
                place_live(seen, &mut next);
            }
            note_due(seen.as_ref(), &mut next, now);
            if done.gone {
                owe_nothing(&mut next);
            }
            if let (Some(wait), Some(_)) = (done.wait, next.due) {
                let wait = SignedDuration::try_from(wait)
                    .unwrap_or(DELIVERY_LEASE)
                    .max(back_off(&next));
                let timer = seen.as_ref().and_then(Seen::next_due);
                next.due = [Some(now + wait), timer].into_iter().flatten().min();
            }
            if done.is_second(&next) {
                next.due = next.due.min(Some(now + SOON));
            }
            fail_point::reach("settle.before");
            let committed = store.commit(person, found.version, &next, None).await?;
            fail_point::reach("settle.after");
            match committed {
                Commit::Applied | Commit::Already(_) => {
                    for _ in 0..given_up {
                        let letter = DeadLetter {
                            at_ms: now.as_millisecond(),
                            person: Some(person.0),
                            update: None,
                            why: "refused by the messenger".into(),
                        };
                        store.park(&letter).await?;
                    }
                    return Ok(next.due);
                }
                Commit::Conflict(Some(other)) => found = other,
                // Forgotten meanwhile: nothing to settle.
                Commit::Conflict(None) => return Ok(None),
            }
        }
        Err(StoreError::Unavailable(
            "too many others are writing the same record".into(),
        ))
    }
}

impl Delivered {
    /// Whether the question was sent, but others had sent it too, so that it is to be folded.
    fn is_second(&self, record: &Record) -> bool {
        let folding = &record.body.folding;
        self.shown
            .is_some_and(|ours| folding.contains(&ours.message))
    }

    /// Note in a record what was sent and what was not; the answer is how many messages are given
    /// up.
    ///
    /// `before` and `before_live` are what was shown when the delivery began.
    fn note_in(
        &self,
        record: &mut Record,
        before: Option<Shown>,
        before_live: Option<Live>,
    ) -> usize {
        let body = &mut record.body;
        body.owed.retain(|o| !self.sent.contains(&o.number));
        body.folding.retain(|m| !self.folded.contains(m));
        body.over.retain(|m| !self.over.contains(m));
        match self.live {
            Some(live) if body.live == before_live => body.live = Some(live),
            // Somebody else shows the round meanwhile, on a message of their own.
            Some(Live { shown, .. })
                if body.live.is_none_or(|l| l.shown.message != shown.message) =>
            {
                body.over.push(shown.message);
            }
            Some(_) | None => {}
        }
        match self.shown {
            Some(shown) if body.shown == before => {
                body.shown = Some(shown);
                body.refused = 0;
            }
            // Somebody else shows the question meanwhile, on a message of their own.
            Some(shown) if body.shown.is_none_or(|s| s.message != shown.message) => {
                body.folding.push(shown.message);
            }
            Some(_) | None => {}
        }
        for o in &mut body.owed {
            if self.wait.is_some() {
                o.attempts = o.attempts.saturating_add(1);
            }
            if self.refused.contains(&o.number) {
                o.refused = o.refused.saturating_add(1);
            }
        }
        let before = body.owed.len();
        body.owed.retain(|o| o.refused < MOST_REFUSALS);
        let mut given_up = before - body.owed.len();
        if let Some(view) = self.view_refused {
            body.refused = body.refused.saturating_add(1);
            if body.refused >= MOST_REFUSALS {
                // It counts as shown until it changes, on a message that cannot be edited.
                body.refused = 0;
                let message = body.shown.map_or(0, |s| s.message);
                body.shown = Some(Shown { message, view });
                given_up += 1;
            }
        }
        given_up
    }
}

/// The most characters of one message, by the Bot API.
const MOST_CHARACTERS: usize = 4096;

/// A long message in parts that a messenger takes; the buttons stand under the last.
fn parts(view: View) -> Vec<View> {
    if view.text.chars().count() <= MOST_CHARACTERS {
        return vec![view];
    }
    let mut texts: Vec<String> = vec![String::new()];
    for paragraph in view.text.split_inclusive("\n") {
        let last = texts.len() - 1;
        if texts[last].chars().count() + paragraph.chars().count() > MOST_CHARACTERS {
            texts.push(String::new());
        }
        let last = texts.len() - 1;
        texts[last].extend(paragraph.chars().take(MOST_CHARACTERS));
    }
    let count = texts.len();
    texts
        .into_iter()
        .enumerate()
        .map(|(n, text)| View {
            text,
            rows: if n + 1 == count {
                view.rows.clone()
            } else {
                Vec::new()
            },
        })
        .collect()
}
