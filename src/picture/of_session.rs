//! What the picture shows of a session: its days, and the words of its dialogue.

use jiff::Timestamp;

use super::{History, Words};
use crate::dialogue::{Dialogue, Disposition};
use crate::engine::Session;
use crate::engine::history;
use crate::engine::verdict::name_of;

/// The history of a person as it is at `now`.
pub fn of_session(d: &Dialogue, session: &Session, now: Timestamp) -> History {
    let words = &d.common.picture;
    let called = |told: Disposition| {
        let name = name_of(told);
        words
            .dispositions
            .get(name)
            .map_or_else(|| name.to_owned(), Clone::clone)
    };
    let month = |n: usize| words.months.get(n).cloned().unwrap_or_default();
    History {
        title: words.title.clone(),
        days: history::days(d, session, now),
        words: Words {
            pain: words.pain.clone(),
            worst: words.worst.clone(),
            ice: words.ice.clone(),
            heat: words.heat.clone(),
            check_ins: words.check_ins.clone(),
            no_pain_yet: words.empty.clone(),
            none_yet: words.none_yet.clone(),
            today: words.today.clone(),
            months: std::array::from_fn(month),
            self_care: called(Disposition::SelfCare),
            routine: called(Disposition::Routine),
            soon: called(Disposition::Soon),
            urgent: called(Disposition::Urgent),
            emergency: called(Disposition::Emergency),
        },
    }
}
