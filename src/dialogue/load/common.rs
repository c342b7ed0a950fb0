//! Messages, numbers by country, and what holds in every dialogue.

use super::*;

impl Builder<'_> {
    pub(super) fn messages(
        &mut self,
        file: &str,
        entries: &[MessageEntry],
        into: &mut HashMap<String, Message>,
    ) {
        for m in entries {
            let message = Message {
                text: self.text(file, &m.text),
                buttons: self.items(file, &m.buttons),
                source: self.source(file, &format!("message {}", m.message.value), &m.source),
            };
            into.insert(m.message.value.clone(), message);
        }
    }

    pub(super) fn needed_messages(&mut self, messages: &HashMap<String, Message>) {
        for id in NEEDED_MESSAGES {
            if !messages.contains_key(*id) {
                self.l.say(
                    Code::MissingMessage,
                    "common.yaml",
                    0..0,
                    format!("the bot needs a message `{id}`"),
                    "Add it under `messages` of common.yaml, verdict.yaml or plan.yaml.",
                );
            }
        }
    }

    pub(super) fn numbers(
        &mut self,
        e: &file::NumbersFile,
        unknown: &file::CountryUnknown,
    ) -> Numbers {
        let path = "numbers.yaml";
        let mut countries: Vec<Country> = Vec::new();
        for n in &e.numbers {
            let at = span_of(&n.code);
            let mut bad = |message: String, cure: &str| {
                self.l
                    .say(Code::BadNumbers, path, at.clone(), message, cure);
            };
            let code = &n.code.value;
            if countries.iter().any(|c| c.code == *code) {
                bad(
                    format!("`{code}` stands twice"),
                    "Keep one row for each country.",
                );
            }
            if n.emergency.is_empty() {
                bad(
                    format!("`{code}` has no emergency number"),
                    "Leave the row out when no number is sure.",
                );
            }
            if n.emergency_note.as_deref() == Some("police") && n.ambulance.is_empty() {
                bad(
                    format!(
                        "the number of `{code}` reaches the police, and there is no ambulance number"
                    ),
                    "Give the ambulance number too.",
                );
            }
            let or = |list: &[String]| list.join(" or ");
            let crisis: Vec<String> = n
                .crisis
                .iter()
                .map(|c| match &c.note {
                    Some(note) => format!("{} ({note})", c.number),
                    None => c.number.clone(),
                })
                .collect();
            countries.push(Country {
                code: code.clone(),
                name: n.country.clone(),
                help: or(if n.ambulance.is_empty() {
                    &n.emergency
                } else {
                    &n.ambulance
                }),
                emergency: or(&n.emergency),
                crisis: if crisis.is_empty() {
                    unknown.crisis_line.clone()
                } else {
                    crisis.join(" or ")
                },
                checked_on: n.checked_on.value.clone(),
            });
        }
        Numbers {
            countries,
            unknown: Unknown {
                help_number: unknown.help_number.clone(),
                emergency_number: unknown.emergency_number.clone(),
                crisis_line: unknown.crisis_line.clone(),
            },
        }
    }

    pub(super) fn zones(&mut self) -> Zones {
        let path = "zones.txt";
        let (zones, wrong) = zones::read(self.l.text(path).unwrap_or_default());
        for w in wrong {
            self.l.say(Code::BadZones, path, w.span, w.message, w.cure);
        }
        zones
    }

    pub(super) fn common(&mut self, e: file::CommonFile) -> Common {
        let emergency_words = e
            .emergency_words
            .iter()
            .filter_map(|w| {
                let fact = self.fact_named("common.yaml", span_of(&w.fact), &w.fact.value)?;
                Some((fact, w.words.clone()))
            })
            .collect();
        for voice in ["self", "child", "other"] {
            if !e.voices.contains_key(voice) {
                self.l.say(
                    Code::MissingMessage,
                    "common.yaml",
                    0..0,
                    format!("there is no voice `{voice}`"),
                    "`voices` has self, child and other.",
                );
            }
        }
        Common {
            voices: e.voices,
            emergency_room: e.emergency_room,
            country_guesses: e.country_guesses,
            fahrenheit: e.fahrenheit,
            emergency_words,
            crisis_words: e.crisis_words,
            negations: e.negations,
            about_a_person: e.about_a_person,
            yes: e.answers.yes,
            no: e.answers.no,
            unsure: e.answers.unsure,
            done: e.answers.done,
            back: e.answers.back,
            stop: e.answers.stop,
            buttons: e.buttons,
            coming: e.coming,
            picture: e.picture,
            grade_exceptions: e.grade_exceptions,
        }
    }
}
