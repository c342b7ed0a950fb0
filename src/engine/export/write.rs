//! A session as the file of `/export`.

use jiff::Timestamp;

use super::rounds;
use super::{
    Asked, Choice, FORMAT, File, KnownFact, Line, NUMBER, OpenPage, Outcome, Over, Said, Talk,
};
use crate::assess::assess;
use crate::dialogue::{Dialogue, FactKind, Words};
use crate::engine::fold::State;
use crate::engine::session::{Aside, Begin, Session, What};
use crate::engine::standing::standing;
use crate::engine::verdict::labels;
use crate::engine::view::label;
use crate::engine::words::words;

/// All that is kept of a person, as JSON they can read.
pub fn export(d: &Dialogue, session: &Session, now: Timestamp) -> String {
    // Every part of the file has a form in JSON.
    serde_json::to_string_pretty(&file(d, session, now)).unwrap_or_default()
}

/// The same before it becomes text.
fn file(d: &Dialogue, session: &Session, now: Timestamp) -> File {
    let state = State::of(d, session);
    let writer = Writer {
        d,
        session,
        words: words(d, session, &state),
        state: &state,
    };
    let lines = session.log.iter().enumerate().map(|(n, e)| Line {
        at: moment(e.at_ms),
        what: writer.said(n, e.what),
    });
    File {
        format: FORMAT.to_owned(),
        number: NUMBER,
        note: String::from(
            "All that Backtalk keeps about you. Times are in UTC. To go through it again: \
             backtalk replay FILE.json",
        ),
        dialogue: d.name.clone(),
        form: session.form.to_string(),
        exported_at: moment(now.as_second() * 1000),
        country: session.country.clone(),
        language: session.language.clone(),
        time_zone: session.zone.clone(),
        quiet: session.quiet,
        answers: lines.collect(),
        rounds: rounds::write(d, session),
        days: rounds::days(session),
        earlier: session.earlier.clone(),
        result: outcome(d, session),
        talk: Talk {
            visits_before: session.visits_before,
            over_the_question: writer.over(&session.aside),
            waiting: session.waiting.iter().map(|a| writer.over(a)).collect(),
            page: session.page.map(|(page, part)| OpenPage { page, part }),
        },
    }
}

/// Where the answers of a session led.
pub(super) fn outcome(d: &Dialogue, session: &Session) -> Outcome {
    let state = State::of(d, session);
    let rules = state.told.map(|t| rules_told(d, session, t.index));
    let known_fact = |n: usize| {
        let (f, k) = (&d.facts[n], state.known.get(n));
        let ids = |set: u32| -> Vec<String> {
            let on = f.options.iter().enumerate();
            on.filter(|(o, _)| set & (1 << o) != 0)
                .map(|(_, option)| option.id.clone())
                .collect()
        };
        KnownFact {
            fact: f.id.clone(),
            name: f.name.clone(),
            is: ids(k.on),
            is_not: if f.kind == FactKind::Multi {
                ids(k.off)
            } else {
                Vec::new()
            },
            answer: labels(d, n, &state.known),
        }
    };
    Outcome {
        disposition: state.disposition(),
        rules: rules.unwrap_or_default(),
        stands: standing(d, session),
        facts: (0..d.facts.len())
            .filter(|&n| !state.known.get(n).is_open())
            .map(known_fact)
            .collect(),
    }
}

/// The rules behind the verdict that the log's event of this number told.
pub(super) fn rules_told(d: &Dialogue, session: &Session, event: usize) -> Vec<String> {
    let known = State::until(d, session, event).known;
    let found = assess(d, &d.completed(&known));
    found.rules.iter().map(|&r| d.rules[r].id.clone()).collect()
}

/// A moment in UTC, exact to the millisecond.
pub(super) fn moment(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .map(|t| t.to_string())
        .unwrap_or_default()
}

struct Writer<'a> {
    d: &'a Dialogue,
    session: &'a Session,
    state: &'a State,
    words: Words<'a>,
}

impl Writer<'_> {
    fn said(&self, event: usize, what: What) -> Said {
        match what {
            What::Began(Begin::Fresh) => Said::Began,
            What::Began(Begin::Again) => Said::BeganAgain,
            What::Answered { screen, item } => Said::Answered(self.choice(screen, item)),
            What::Ticked { screen, item } => Said::Ticked(self.choice(screen, item)),
            What::Unticked { screen, item } => Said::Unticked(self.choice(screen, item)),
            What::Finished { screen } => Said::Finished(self.asked(screen)),
            What::Skipped { screen } => Said::Skipped(self.asked(screen)),
            What::Explained {
                screen,
                fact,
                option,
            } => {
                let (question, option, answer) = self.fact_answer(fact, option);
                Said::Explained {
                    screen: self.asked(screen).screen,
                    fact: self.fact(fact),
                    question,
                    option,
                    answer,
                }
            }
            What::Asked { fact, option } => {
                let (question, option, answer) = self.fact_answer(fact, option);
                Said::Fact {
                    fact: self.fact(fact),
                    question,
                    option,
                    answer,
                }
            }
            What::Undone => Said::Undone,
            What::Reopened { screen } => Said::Reopened(self.asked(screen)),
            What::Withdrawn => Said::Withdrawn,
            What::Told { disposition } => Said::Told {
                disposition,
                rules: rules_told(self.d, self.session, event),
            },
            What::Planned => Said::Planned,
            What::CameBack { a_day } => Said::CameBack {
                danger_again: a_day,
            },
            What::NothingNew => Said::NothingNew,
            What::CheckIn {
                number,
                packs,
                no_visit,
            } => Said::CheckIn {
                check_in: rounds::check_in(self.d, number),
                packs,
                no_visit,
            },
            What::CheckedIn => Said::CheckedIn,
            What::First { screen } => Said::First(self.asked(screen)),
            What::Moved { renumbered } => Said::Moved { renumbered },
            What::Recalled => Said::Recalled,
        }
    }

    fn asked(&self, screen: u16) -> Asked {
        let s = self.d.screens.get(usize::from(screen));
        Asked {
            screen: s.map_or_else(unknown, |s| s.id.clone()),
            question: s.map_or_else(unknown, |s| s.ask.fill(&self.words)),
        }
    }

    fn choice(&self, screen: u16, item: u8) -> Choice {
        let Asked {
            screen: id,
            question,
        } = self.asked(screen);
        let answer = self
            .d
            .screens
            .get(usize::from(screen))
            .and_then(|s| s.items.get(usize::from(item)))
            .map_or_else(unknown, |i| {
                label(self.d, self.session, self.state, &self.words, i)
            });
        Choice {
            screen: id,
            question,
            item: u16::from(item) + 1,
            answer,
        }
    }

    fn fact(&self, fact: u8) -> String {
        let f = self.d.facts.get(usize::from(fact));
        f.map_or_else(unknown, |f| f.id.clone())
    }

    /// The question of a fact, the id of an option, and what it says.
    fn fact_answer(&self, fact: u8, option: u8) -> (String, String, String) {
        let f = self.d.facts.get(usize::from(fact));
        let o = f.and_then(|f| f.options.get(usize::from(option)));
        (
            f.map_or_else(unknown, |f| f.question.fill(&self.words)),
            o.map_or_else(unknown, |o| o.id.clone()),
            o.map_or_else(unknown, |o| o.label.fill(&self.words)),
        )
    }

    fn over(&self, aside: &Aside) -> Over {
        match aside {
            Aside::None => Over::Nothing,
            Aside::Which => Over::WhichIsUnsure,
            Aside::Explain { fact } => Over::Explanation {
                fact: self.fact(*fact),
            },
            Aside::Words { fact, words } => Over::DangerWords {
                fact: self.fact(*fact),
                words: words.clone(),
            },
            Aside::Crisis => Over::Crisis,
            Aside::Mistake => Over::Mistake,
            Aside::Took { item } => Over::Understood {
                item: u16::from(*item) + 1,
            },
            Aside::Country => Over::Country,
            Aside::CountryName => Over::CountryName,
            Aside::Change { part } => Over::Change { part: *part },
            Aside::Message(id) => Over::Message {
                message: id.clone(),
            },
            Aside::Note(id) => Over::Note {
                message: id.clone(),
            },
            Aside::Time => Over::Time,
            Aside::TimeTyped => Over::TimeTyped,
            Aside::TimeBad => Over::TimeBad,
            Aside::Zones(zones) => Over::Zones {
                zones: zones.clone(),
            },
            Aside::Quiet => Over::Quiet,
            Aside::QuietTyped { bad } => Over::QuietTyped { bad: *bad },
            Aside::Reminders => Over::Reminders,
            Aside::Pause => Over::Pause,
        }
    }
}

/// In place of what a session of another form names. Such a file is refused when it is read.
fn unknown() -> String {
    "?".to_owned()
}
