//! The file of `/export` as a session again, or everything that is in the way.

use jiff::Timestamp;

use super::rounds;
use super::{Asked, Choice, FORMAT, File, NUMBER, Over, Said};
use crate::dialogue::Dialogue;
use crate::dialogue::issue::did_you_mean;
use crate::engine::session::{Aside, Begin, Event, Session, What};
use crate::engine::view::page_count;

/// The session of an export, exactly as it was; or every problem, each in a sentence.
pub fn import(d: &Dialogue, json: &str) -> Result<Session, Vec<String>> {
    session(d, &parse(json)?)
}

/// Read the text of an export. Whether it fits a dialogue is not looked at.
pub fn parse(json: &str) -> Result<File, Vec<String>> {
    let all: serde_json::Value = serde_json::from_str(json)
        .map_err(|e| vec![format!("This is not JSON: {e}. Export it again.")])?;
    if all["format"] != FORMAT {
        return Err(vec![format!(
            "This is not a file of /export: its `format` is not “{FORMAT}”."
        )]);
    }
    if all["number"] != NUMBER {
        return Err(vec![format!(
            "This export has format number {}; this program reads {NUMBER}. Use the program that made it, or export again.",
            all["number"]
        )]);
    }
    // The text once more, since only it knows lines.
    serde_json::from_str(json).map_err(|e| vec![format!("This export cannot be read: {e}.")])
}

pub(super) fn session(d: &Dialogue, file: &File) -> Result<Session, Vec<String>> {
    if file.dialogue != d.name {
        return Err(vec![format!(
            "This export is of the dialogue `{}`, and `{}` is loaded. Name it with --dialogue.",
            file.dialogue, d.name
        )]);
    }
    if file.form != d.form.to_string() {
        return Err(vec![format!(
            "This export is of form {}, and form {} is loaded: its questions or rules have changed since. Give the dialogue files of then with --dialogues.",
            file.form, d.form
        )]);
    }
    let mut problems = Problems::default();
    let mut session = Session::new(d.form);
    session.country.clone_from(&file.country);
    session.language.clone_from(&file.language);
    session.zone.clone_from(&file.time_zone);
    session.quiet = file.quiet;
    session.visits_before = file.talk.visits_before;
    for (n, line) in file.answers.iter().enumerate() {
        let place = format!("answers, line {}", n + 1);
        let at_ms = instant(&place, &line.at, &mut problems);
        let what = event(d, &line.what, &place, &mut problems);
        if let (Some(at_ms), Some(what)) = (at_ms, what) {
            session.log.push(Event { at_ms, what });
        }
    }
    rounds::read(d, &file.rounds, &mut session, &mut problems);
    session.earlier.clone_from(&file.earlier);
    let talk = &file.talk;
    if let Some(aside) = over(
        d,
        &talk.over_the_question,
        "over_the_question",
        &mut problems,
    ) {
        session.aside = aside;
    }
    session.waiting = talk
        .waiting
        .iter()
        .filter_map(|o| over(d, o, "waiting", &mut problems))
        .collect();
    session.page = talk.page.as_ref().map(|p| (p.page, p.part));
    if let Some((page, _)) = session.page
        && usize::from(page) >= page_count(d)
    {
        problems.say("page", format!("the plan has no page {page}"));
    }
    if problems.0.is_empty() {
        Ok(session)
    } else {
        Err(problems.0)
    }
}

fn event(d: &Dialogue, said: &Said, place: &str, problems: &mut Problems) -> Option<What> {
    Some(match said {
        Said::Began => What::Began(Begin::Fresh),
        Said::BeganAgain => What::Began(Begin::Again),
        Said::Answered(c) => {
            let (screen, item) = choice(d, c, place, problems)?;
            What::Answered { screen, item }
        }
        Said::Ticked(c) => {
            let (screen, item) = choice(d, c, place, problems)?;
            What::Ticked { screen, item }
        }
        Said::Unticked(c) => {
            let (screen, item) = choice(d, c, place, problems)?;
            What::Unticked { screen, item }
        }
        Said::Finished(Asked { screen, .. }) => What::Finished {
            screen: screen_of(d, screen, place, problems)?,
        },
        Said::Skipped(Asked { screen, .. }) => What::Skipped {
            screen: screen_of(d, screen, place, problems)?,
        },
        Said::Reopened(Asked { screen, .. }) => What::Reopened {
            screen: screen_of(d, screen, place, problems)?,
        },
        Said::Explained {
            screen,
            fact,
            option,
            ..
        } => {
            let screen = screen_of(d, screen, place, problems)?;
            let (fact, option) = fact_option(d, fact, option, place, problems)?;
            What::Explained {
                screen,
                fact,
                option,
            }
        }
        Said::Fact { fact, option, .. } => {
            let (fact, option) = fact_option(d, fact, option, place, problems)?;
            What::Asked { fact, option }
        }
        Said::Undone => What::Undone,
        Said::Withdrawn => What::Withdrawn,
        Said::Told { disposition, .. } => What::Told {
            disposition: *disposition,
        },
        Said::Planned => What::Planned,
        Said::CameBack { danger_again } => What::CameBack {
            a_day: *danger_again,
        },
        Said::NothingNew => What::NothingNew,
        Said::CheckIn {
            check_in,
            packs,
            no_visit,
        } => What::CheckIn {
            number: rounds::check_in_of(d, check_in, place, problems)?,
            packs: *packs,
            no_visit: *no_visit,
        },
        Said::CheckedIn => What::CheckedIn,
        Said::First(Asked { screen, .. }) => What::First {
            screen: screen_of(d, screen, place, problems)?,
        },
        Said::Moved { renumbered } => What::Moved {
            renumbered: *renumbered,
        },
        Said::Recalled => What::Recalled,
    })
}

fn choice(d: &Dialogue, c: &Choice, place: &str, problems: &mut Problems) -> Option<(u16, u8)> {
    let screen = screen_of(d, &c.screen, place, problems)?;
    let items = d.screens[usize::from(screen)].items.len();
    let item = usize::from(c.item).checked_sub(1).filter(|i| *i < items);
    match item.and_then(|i| u8::try_from(i).ok()) {
        Some(item) => Some((screen, item)),
        None => {
            let message = format!(
                "the screen `{}` has {items} answers, and none in place {}",
                c.screen, c.item
            );
            problems.say(place, message);
            None
        }
    }
}

fn screen_of(d: &Dialogue, id: &str, place: &str, problems: &mut Problems) -> Option<u16> {
    let known = d.screens.iter().map(|s| s.id.as_str());
    problems
        .known(place, "screen", id, d.screen(id), known)
        .map(|n| n as u16)
}

fn fact_of(d: &Dialogue, id: &str, place: &str, problems: &mut Problems) -> Option<u8> {
    let known = d.facts.iter().map(|f| f.id.as_str());
    problems
        .known(place, "fact", id, d.fact(id), known)
        .map(|n| n as u8)
}

fn fact_option(
    d: &Dialogue,
    fact: &str,
    option: &str,
    place: &str,
    problems: &mut Problems,
) -> Option<(u8, u8)> {
    let fact = fact_of(d, fact, place, problems)?;
    let f = &d.facts[usize::from(fact)];
    let known = f.options.iter().map(|o| o.id.as_str());
    let found = f.option(option).map(usize::from);
    let what = format!("option of `{}`", f.id);
    let option = problems.known(place, &what, option, found, known)?;
    Some((fact, option as u8))
}

fn over(d: &Dialogue, over: &Over, place: &str, problems: &mut Problems) -> Option<Aside> {
    let message = |id: &String, problems: &mut Problems| {
        let found = d.messages.contains_key(id).then_some(0);
        let known = d.messages.keys().map(String::as_str);
        problems
            .known(place, "message", id, found, known)
            .map(|_| id.clone())
    };
    Some(match over {
        Over::Time => Aside::Time,
        Over::TimeTyped => Aside::TimeTyped,
        Over::TimeBad => Aside::TimeBad,
        Over::Zones { zones } => Aside::Zones(zones.clone()),
        Over::Quiet => Aside::Quiet,
        Over::QuietTyped { bad } => Aside::QuietTyped { bad: *bad },
        Over::Reminders => Aside::Reminders,
        Over::Pause => Aside::Pause,
        Over::Nothing => Aside::None,
        Over::WhichIsUnsure => Aside::Which,
        Over::Explanation { fact } => Aside::Explain {
            fact: fact_of(d, fact, place, problems)?,
        },
        Over::DangerWords { fact, words } => Aside::Words {
            fact: fact_of(d, fact, place, problems)?,
            words: words.clone(),
        },
        Over::Crisis => Aside::Crisis,
        Over::Mistake => Aside::Mistake,
        Over::Understood { item } => {
            let Some(item) = item.checked_sub(1).and_then(|i| u8::try_from(i).ok()) else {
                problems.say(place, format!("no screen has an answer in place {item}"));
                return None;
            };
            Aside::Took { item }
        }
        Over::Country => Aside::Country,
        Over::CountryName => Aside::CountryName,
        Over::Change { part } => Aside::Change { part: *part },
        Over::Message { message: id } => Aside::Message(message(id, problems)?),
        Over::Note { message: id } => Aside::Note(message(id, problems)?),
    })
}

/// A moment in milliseconds since 1970.
pub(super) fn instant(place: &str, at: &str, problems: &mut Problems) -> Option<i64> {
    match at.parse::<Timestamp>() {
        Ok(t) => Some(t.as_millisecond()),
        Err(_) => {
            problems.say(
                place,
                "`at` is no moment in UTC such as 2026-03-02T21:40:00Z".into(),
            );
            None
        }
    }
}

/// What is wrong with a file, in sentences.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    fn say(&mut self, place: &str, message: String) {
        self.0.push(format!("{place}: {message}."));
    }

    /// What an id means, or a problem with the nearest that is known.
    pub(super) fn known<'a>(
        &mut self,
        place: &str,
        what: &str,
        id: &str,
        found: Option<usize>,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Option<usize> {
        if found.is_none() {
            let cure = did_you_mean(id, known);
            self.0
                .push(format!("{place}: there is no {what} `{id}`. {cure}"));
        }
        found
    }
}
