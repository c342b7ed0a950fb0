//! What the processes of one bot share, beside the records.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{RedisStore, script};
use crate::engine::session::Form;
use crate::store::commons::{DeadLetter, Grant, Lead, MOST_LETTERS, Note, Process};
use crate::store::{Commons, Person, StoreError, UpdateId};

/// How long counts of tries are kept after the last: longer than Telegram keeps an update.
const KEEP_ATTEMPTS: Duration = Duration::from_secs(2 * 24 * 3600);

/// The most people whose letters are taken away in one go.
const MOST_BURNT: usize = 1000;

#[async_trait]
impl Commons for RedisStore {
    async fn lead(&self, who: Process, lease: Duration) -> Result<Lead, StoreError> {
        let call = script::LEAD
            .on([self.names.lead()])
            .with(who.0)
            .with(milliseconds(lease));
        let answer = self.link.ask_once::<(u8, u8)>(call).await?;
        Ok(match answer.said {
            (0, _) => Lead::Standby,
            // When the first answer was lost, what it said is still noted.
            (1, was_unclean) => Lead::Leading {
                unclean: answer.was_repeated && was_unclean == 1,
            },
            _ => Lead::Leading { unclean: true },
        })
    }

    async fn resign(&self, who: Process) -> Result<(), StoreError> {
        let call = script::RESIGN.on([self.names.lead()]).with(who.0);
        self.link.ask(call).await
    }

    async fn present(
        &self,
        who: Process,
        lease: Duration,
        remembered: Duration,
    ) -> Result<bool, StoreError> {
        let call = script::PRESENT
            .on([self.names.present()])
            .with(who.0)
            .with(milliseconds(lease))
            .with(milliseconds(remembered));
        self.link.ask(call).await
    }

    async fn leave(&self, who: Process) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZREM");
        command.arg(self.names.present()).arg(who.0);
        self.link.ask(command).await
    }

    async fn note(&self, note: Note) -> Result<Option<String>, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(self.names.meta()).arg(field(note));
        self.link.ask(command).await
    }

    async fn set_note(&self, note: Note, text: &str) -> Result<(), StoreError> {
        let mut command = redis::cmd("HSET");
        command.arg(self.names.meta()).arg(field(note)).arg(text);
        self.link.ask(command).await
    }

    async fn keep_edition(&self, form: Form, packed: &[u8]) -> Result<(), StoreError> {
        let mut command = redis::cmd("HSET");
        command.arg(self.names.editions()).arg(form.to_string());
        command.arg(packed);
        self.link.ask(command).await
    }

    async fn edition(&self, form: Form) -> Result<Option<Vec<u8>>, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(self.names.editions()).arg(form.to_string());
        self.link.ask(command).await
    }

    async fn editions(&self) -> Result<Vec<Form>, StoreError> {
        let mut command = redis::cmd("HKEYS");
        command.arg(self.names.editions());
        let mut names: Vec<String> = self.link.ask(command).await?;
        names.sort_unstable();
        Ok(names.iter().filter_map(|n| Form::parse(n)).collect())
    }

    async fn attempt(&self, update: UpdateId) -> Result<u32, StoreError> {
        let call = script::ATTEMPT
            .on([self.names.attempts()])
            .with(update)
            .with(milliseconds(KEEP_ATTEMPTS));
        self.link.ask(call).await
    }

    async fn calm(&self) -> Result<(), StoreError> {
        let mut command = redis::cmd("DEL");
        command.arg(self.names.attempts());
        self.link.ask(command).await
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let person = letter.person.map(|p| p.to_string()).unwrap_or_default();
        let text = serde_json::json!(letter);
        let call = script::PARK
            .on([self.names.letters()])
            .with(format!("{person}|{text}"))
            .with(MOST_LETTERS);
        self.link.ask(call).await
    }

    async fn parked(&self) -> Result<Vec<DeadLetter>, StoreError> {
        let mut command = redis::cmd("LRANGE");
        command.arg(self.names.letters()).arg(0).arg(-1);
        let letters: Vec<String> = self.link.ask(command).await?;
        let read = |letter: &String| serde_json::from_str(letter.split_once('|')?.1).ok();
        Ok(letters.iter().filter_map(read).collect())
    }

    async fn clear_parked(&self) -> Result<(), StoreError> {
        let mut command = redis::cmd("DEL");
        command.arg(self.names.letters());
        self.link.ask(command).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn grant(&self, most: u32, per_second: u32) -> Result<Grant, StoreError> {
        let call = script::GRANT
            .on([self.names.budget()])
            .with(most)
            .with(per_second.max(1));
        let (count, wait_us) = self.link.ask::<(u32, u64)>(call).await?;
        Ok(Grant {
            count,
            wait: Duration::from_micros(wait_us),
        })
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let call = script::TIME.on([self.names.meta()]);
        let (seconds, microseconds): (i64, i64) = self.link.ask(call).await?;
        let time = seconds
            .checked_mul(1_000_000)
            .and_then(|whole| whole.checked_add(microseconds))
            .and_then(|all| Timestamp::from_microsecond(all).ok());
        let strange = || StoreError::Unusable("Redis says a time that cannot be".into());
        time.map(Some).ok_or_else(strange)
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.safety.wait(&self.names).await
    }

    async fn woken(&self) -> Option<Timestamp> {
        self.bell.heard().await
    }
}

impl RedisStore {
    /// Take the dead letters of these people away.
    pub(super) async fn burn_letters(&self, people: &[Person]) -> Result<(), StoreError> {
        for people in people.chunks(MOST_BURNT) {
            let call = script::BURN.on([self.names.letters()]);
            let call = people.iter().fold(call, |call, person| call.with(person.0));
            self.link.ask::<()>(call).await?;
        }
        Ok(())
    }
}

/// The field of a note.
fn field(note: Note) -> String {
    format!("note:{}", note.name())
}

fn milliseconds(time: Duration) -> u64 {
    // A century: far beyond any lease, and exact in a script.
    const MOST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
    // It fits.
    time.min(MOST).as_millis() as u64
}
