//! A dialogue: facts, rules, screens, plan and words, read from files and checked once.
//!
//! Only [`load::load`] makes a [`Dialogue`]; inside the program every reference in it is resolved
//! and nothing is checked again.

pub mod check;
pub mod condition;
pub mod file;
pub mod form;
pub mod grade;
pub mod graph;
pub mod issue;
pub mod knowledge;
pub mod load;
pub mod numbers;
pub mod places;
pub mod schema;
pub mod template;
pub mod zones;

use std::collections::{BTreeMap, HashMap};

pub use condition::Condition;
pub use file::{Act, CheckInOnly, Disposition, Element, FactKind};
pub use knowledge::{FactId, Knowledge, Known, Options, Truth};
pub use numbers::Numbers;
pub use places::{Place, Places};
pub use template::{Template, Words};
pub use zones::Zones;

use crate::quiet::Quiet;

/// The number of a screen in its dialogue.
pub type ScreenId = usize;

/// For how many days records are kept after the last message, unless the operator says otherwise.
pub const KEEP_DAYS: u32 = 90;

/// A checked dialogue.
#[derive(Debug)]
pub struct Dialogue {
    /// Its name, the same as its folder.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Who signed this form, or nothing while it is a draft.
    pub signed_off: Option<String>,
    /// The hash of its form: ids, options, guards, rules and plan, but no wording.
    pub form: Form,
    /// The facts.
    pub facts: Vec<Fact>,
    /// What a pause leads to.
    pub pauses: Pauses,
    /// Whom the talk is about, by voice; the first that holds counts.
    pub voices: Vec<(String, Condition)>,
    /// Words that are filled in only for some people.
    pub only_words: Vec<(String, Condition)>,
    /// The phases, in order.
    pub phases: Vec<Phase>,
    /// The screens, in asking order.
    pub screens: Vec<Screen>,
    /// The rules, most severe first.
    pub rules: Vec<Rule>,
    /// Steps to a more worrying answer that may lower the disposition all the same.
    pub exceptions: Vec<Exception>,
    /// Elements that no replay or vignette reaches, each with the reason.
    pub unexercised: Vec<(String, String)>,
    /// The verdict texts; the first that fits counts.
    pub verdicts: Vec<Verdict>,
    /// "While you wait" lines.
    pub waits: Vec<Wait>,
    /// Lines for some people.
    pub people: Vec<PersonLine>,
    /// Likely contributors, then education cards.
    pub cards: Vec<Card>,
    /// What decides what the plan leaves out.
    pub gates: Vec<Gate>,
    /// Words by which a text speaks of something that gates leave out.
    pub element_words: Vec<(Element, Vec<String>)>,
    /// Ice and heat.
    pub clock: Clock,
    /// The pages of the plan.
    pub pages: Vec<Page>,
    /// Guided exercises.
    pub drills: Vec<Drill>,
    /// What holds for all check-ins.
    pub follow_up: FollowUp,
    /// Messages some time after the verdict.
    pub check_ins: Vec<CheckIn>,
    /// Messages by id, of the dialogue and of `common.yaml`.
    pub messages: HashMap<String, Message>,
    /// What holds in every dialogue.
    pub common: Common,
    /// Numbers by country.
    pub numbers: Numbers,
    /// Time zones by country.
    pub zones: Zones,
    /// The sources, by id, each with who refers to it.
    pub sources: BTreeMap<String, Source>,
    /// Statements that are left out on purpose.
    pub excluded: Vec<Excluded>,
    /// Where sources disagree.
    pub rulings: Vec<Ruling>,
    /// Changes that tell somebody less than the form before did, each signed.
    pub changes: Vec<Change>,
    /// Where everything stands in the files.
    pub places: Places,
    /// For how many days after the last message this operator keeps records, as the texts say it.
    /// No file has it: [`KEEP_DAYS`] once loaded, and the edge sets another.
    pub keep_days: u32,
}

/// How long answers stay fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pauses {
    /// After a longer pause the person is asked whether anything is new.
    pub what_is_new_after_hours: u32,
    /// After a longer one the danger signs are asked again.
    pub danger_again_after_hours: u32,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// The hash of a dialogue's form. Two forms with the same hash ask and decide the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Form(pub [u8; 8]);

impl Form {
    /// The form that is printed like this.
    pub fn parse(text: &str) -> Option<Form> {
        let byte = |n: usize| u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok();
        let mut form = Form::default();
        for (n, to) in form.0.iter_mut().enumerate() {
            *to = byte(n)?;
        }
        // `+f` is a number too, but not as we write it.
        (form.to_string() == text).then_some(form)
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({self})")
    }
}

/// One thing known about the person.
#[derive(Debug)]
pub struct Fact {
    /// Its id.
    pub id: String,
    /// The ids that it had in earlier versions.
    pub was: Vec<String>,
    /// How many answers it takes.
    pub kind: FactKind,
    /// 0 opening to 4 safety of self-care.
    pub phase: u8,
    /// A short name for summaries.
    pub name: String,
    /// Where it stands in the summary.
    pub summary: Option<file::SummaryPlace>,
    /// Its options; a number has one for each value.
    pub options: Vec<FactOption>,
    /// Whether they may be compared.
    pub ordered: bool,
    /// The harmless value.
    pub default: Known,
    /// What counts as worse.
    pub concern: Concern,
    /// Whom it can apply to; for everybody else it has its harmless value.
    pub ask_when: Condition,
    /// The whole question, when it is asked alone.
    pub question: Template,
    /// The plain explanation and its answers.
    pub explain: Option<Explain>,
    /// Why it is asked.
    pub why: Template,
    /// Where it comes from.
    pub source: Vec<String>,
}

impl Fact {
    /// The set of all its options.
    pub fn all(&self) -> Options {
        if self.options.len() >= knowledge::MOST_OPTIONS {
            Options::MAX
        } else {
            (1 << self.options.len()) - 1
        }
    }

    /// The number of the option with this id.
    pub fn option(&self, id: &str) -> Option<u8> {
        self.options
            .iter()
            .position(|o| o.id == id)
            .map(|i| i as u8)
    }

    /// Whether everything about it is known.
    pub fn is_known(&self, known: Known) -> bool {
        match self.kind {
            FactKind::Multi => known.on | known.off == self.all(),
            _ => known.on != 0,
        }
    }

    /// `known` with the harmless value where it is open.
    pub fn completed(&self, known: Known) -> Known {
        match self.kind {
            FactKind::Multi => {
                let open = self.all() & !(known.on | known.off);
                Known::exactly(known.on | (open & self.default.on), self.all())
            }
            _ if known.on != 0 => known,
            _ => self.default,
        }
    }
}

/// One option of a fact.
#[derive(Debug)]
pub struct FactOption {
    /// Its id.
    pub id: String,
    /// The ids that it had in earlier versions.
    pub was: Vec<String>,
    /// What the person reads.
    pub label: Template,
    /// How a sentence names it as something that may come; nothing where it cannot.
    pub if_so: Option<IfSo>,
}

/// An answer as something that may come.
#[derive(Debug)]
pub struct IfSo {
    /// How the sentence "It would be an emergency if you …" ends.
    pub say: Template,
    /// How plausible it is that it comes: a lower number is more plausible.
    pub plausible: u8,
}

/// What counts as worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// No such order.
    None,
    /// One more tick is never better.
    Adding,
    /// A higher number is worse.
    Rising,
    /// Options from least to most worrying; others are not compared.
    Order(Vec<u8>),
}

/// A plain explanation of a fact.
#[derive(Debug)]
pub struct Explain {
    /// The explanation, ending in a question.
    pub ask: Template,
    /// The answers and the option each stores.
    pub answers: Vec<(Template, u8)>,
}

/// A stretch of the conversation.
#[derive(Debug)]
pub struct Phase {
    /// Its id.
    pub id: String,
    /// The line above its questions.
    pub title: String,
    /// Whether a re-check asks it again.
    pub danger: bool,
    /// Whether it comes after the verdict.
    pub after_verdict: bool,
    /// Whether its screens are asked by check-ins.
    pub check_in: bool,
}

/// One state of the machine: a question with its answers.
#[derive(Debug)]
pub struct Screen {
    /// Its id.
    pub id: String,
    /// The ids that it had in earlier versions.
    pub was: Vec<String>,
    /// Its phase.
    pub phase: usize,
    /// Shown only when this holds.
    pub when: Condition,
    /// Only opened by another screen.
    pub opened: bool,
    /// Asked even when its facts are known.
    pub ask_again: bool,
    /// Asked again with the danger phase in a re-check.
    pub recheck: bool,
    /// The question.
    pub ask: Template,
    /// How it is answered.
    pub kind: ScreenKind,
    /// Its answers; a number screen has one for each value.
    pub items: Vec<Item>,
    /// Facts that *None* and *Done* give their harmless value.
    pub none: Vec<FactId>,
    /// At least one tick is needed.
    pub at_least_one: bool,
    /// Facts that *Not sure* explains.
    pub not_sure: Vec<FactId>,
    /// Whether it may be skipped.
    pub skip: bool,
    /// What it advises, in a check-in: it is passed over while a gate leaves that out.
    pub advises: Vec<Element>,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// How a screen is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenKind {
    /// The first tap answers.
    One,
    /// Ticks, then *Done* or *None of these*.
    Any,
    /// A number.
    Number,
}

/// One answer of a screen, or one button of a message.
#[derive(Debug)]
pub struct Item {
    /// The label.
    pub label: Template,
    /// The label when the talk is about somebody else.
    pub about_other: Option<Template>,
    /// The label for people who measure in Fahrenheit.
    pub in_fahrenheit: Option<Template>,
    /// What it stores: facts and options.
    pub sets: Vec<(FactId, u8)>,
    /// Offered only when this holds.
    pub only_if: Condition,
    /// It stores the harmless value, but counts as not answered.
    pub unanswered: bool,
    /// The screen it opens.
    pub then: Option<ScreenId>,
    /// What the bot does.
    pub act: Option<Act>,
    /// The message it is answered with.
    pub reply: Option<String>,
    /// The plan page it opens.
    pub page: Option<usize>,
    /// The danger signs are asked again, these screens first.
    pub recheck: Option<Vec<ScreenId>>,
    /// What the bot does besides storing the answer.
    pub also: Option<Act>,
    /// The pain goes on, so the start of the bout is by now longer ago.
    pub lasts: bool,
}

/// A condition that gives a disposition.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// The ids that it had in earlier versions.
    pub was: Vec<String>,
    /// The condition.
    pub when: Condition,
    /// How urgent it is.
    pub disposition: Disposition,
    /// The reason the person reads.
    pub reason: Template,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A step to a more worrying answer that may lower the disposition.
#[derive(Debug)]
pub struct Exception {
    /// The fact.
    pub fact: FactId,
    /// The milder answer; nothing where an answer is added to a fact of several.
    pub from: Option<u8>,
    /// The more worrying answer.
    pub to: u8,
    /// Why that is right.
    pub reason: String,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// What is said with a disposition.
#[derive(Debug)]
pub struct Verdict {
    /// Its id.
    pub id: String,
    /// The disposition.
    pub disposition: Disposition,
    /// Only when one of these rules fired; empty for all.
    pub rules: Vec<usize>,
    /// What to do now.
    pub text: Template,
    /// The buttons.
    pub buttons: Vec<Item>,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A "while you wait" line.
#[derive(Debug)]
pub struct Wait {
    /// Its id.
    pub id: String,
    /// The rules it goes with.
    pub rules: Vec<usize>,
    /// And only when this holds.
    pub when: Condition,
    /// The line.
    pub say: Template,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A line for some people.
#[derive(Debug)]
pub struct PersonLine {
    /// Its id.
    pub id: String,
    /// Who it is for.
    pub when: Condition,
    /// Also when this fact was left unanswered.
    pub or_unanswered: Option<FactId>,
    /// The line.
    pub say: Template,
    /// A button in place of the one that makes a plan.
    pub button: Option<Item>,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// One card.
#[derive(Debug)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it is shown; education cards have none.
    pub when: Option<Condition>,
    /// What it says.
    pub text: Template,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A gate.
#[derive(Debug)]
pub struct Gate {
    /// Its id.
    pub id: String,
    /// The condition.
    pub when: Condition,
    /// What it leaves out.
    pub leaves_out: Vec<Element>,
    /// What the bot says about it.
    pub say: Template,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// The ice and heat clock.
#[derive(Debug)]
pub struct Clock {
    /// How long ago it began, by answers.
    pub since: Vec<Since>,
    /// Ice until this many hours.
    pub ice_until_hours: u32,
    /// Then the person chooses, until this many.
    pub choose_until_hours: u32,
    /// While choosing, stay on ice.
    pub stay_on_ice_when: Condition,
    /// Heat before its time is allowed.
    pub early_heat_when: Condition,
    /// Shorter ice.
    pub short_ice_when: Condition,
    /// An adult holds the pack, for the short time.
    pub child_when: Condition,
    /// Somebody awake should be near.
    pub sleepy_when: Condition,
    /// Warm, not hot.
    pub warm_when: Condition,
    /// Ice rounds.
    pub ice: Round,
    /// Heat rounds.
    pub heat: Round,
    /// A reminder later than this says that it is late.
    pub late_after_minutes: u32,
    /// "Take it off now" is said once more after this.
    pub off_again_after_minutes: u32,
    /// A round that is put off is offered again after this.
    pub snooze_minutes: u32,
    /// Once it was put off, these waits can be chosen from.
    pub snooze_again_minutes: [u32; 2],
    /// Put off this often, a round counts as left out.
    pub most_snoozes: u8,
    /// While a pack is on, the message that says so is brought up to date this often.
    pub progress_minutes: u32,
    /// An offer later than this is one line, whatever was missed.
    pub offer_late_after_minutes: u32,
    /// After this many rounds in a row without an answer, no more are offered.
    pub most_missed: u8,
    /// When the bot stays quiet, for those who have chosen nothing else.
    pub quiet: Quiet,
    /// Other quiet hours that are offered.
    pub other_quiet: Vec<Quiet>,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A guided exercise.
#[derive(Debug)]
pub struct Drill {
    /// Its id.
    pub id: String,
    /// The ids that it had in earlier versions.
    pub was: Vec<String>,
    /// The page that has its button.
    pub page: usize,
    /// The button that begins it.
    pub button: String,
    /// What it advises.
    pub advises: Vec<Element>,
    /// Offered only when this holds.
    pub when: Condition,
    /// From this many hours since the start of the bout.
    pub from_hours: u32,
    /// What stands above every step.
    pub title: Template,
    /// The steps of one round: what to do, and for how many seconds.
    pub steps: Vec<(Template, u32)>,
    /// How often all steps are gone through.
    pub rounds: u32,
    /// When to stop.
    pub stop: Template,
    /// The message after it.
    pub done: String,
    /// The danger screen that is asked first when it brings something on.
    pub recheck: ScreenId,
    /// Where it comes from.
    pub source: Vec<String>,
}

impl Drill {
    /// How many seconds it takes as a whole.
    pub fn seconds(&self) -> u32 {
        let round: u32 = self.steps.iter().map(|(_, s)| s).sum();
        round.saturating_mul(self.rounds)
    }
}

/// What holds for all check-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// Without an answer, a check-in is asked once more after this.
    pub repeat_after_hours: u32,
    /// Without an answer to that, one closing message follows after this.
    pub close_after_hours: u32,
    /// Check-ins are spread over so many minutes after their time.
    pub spread_minutes: u32,
    /// Coaching ends this long after the triage.
    pub coaching_ends_after_hours: u32,
    /// After so many re-checks of `soon` or more, with no clinician seen, coaching stops.
    pub stop_after_soon: u32,
    /// An exercise that was left out comes back after this.
    pub drop_drill_hours: u32,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// Hours since the start, for each option of a fact.
#[derive(Debug)]
pub struct Since {
    /// The fact.
    pub fact: FactId,
    /// Counts only when this holds.
    pub when: Condition,
    /// Hours by option number.
    pub hours: Vec<Option<u32>>,
}

/// The times of a round.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Minutes on.
    pub on_minutes: u32,
    /// Minutes on, for those who need it shorter.
    pub short_on_minutes: Option<u32>,
    /// Minutes until the skin check.
    pub check_after_minutes: u32,
    /// Minutes until "you can stop now".
    pub may_stop_after_minutes: Option<u32>,
    /// Minutes off.
    pub off_minutes: u32,
    /// Rounds a day at most.
    pub cap_per_day: u32,
}

/// A page of the plan.
#[derive(Debug)]
pub struct Page {
    /// Its id.
    pub id: String,
    /// The button that opens it.
    pub button: String,
    /// Its heading.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a page.
#[derive(Debug)]
pub struct Line {
    /// What it says.
    pub say: Template,
    /// Shown only when this holds.
    pub when: Condition,
    /// What it advises.
    pub advises: Vec<Element>,
    /// Shown only when a gate leaves this out.
    pub instead_of: Vec<Element>,
    /// What it names without advising it.
    pub names: Vec<Element>,
    /// From this many hours since the start.
    pub from_hours: u32,
    /// Until before this many hours.
    pub until_hours: u32,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A message some time after the verdict.
#[derive(Debug)]
pub struct CheckIn {
    /// Its id.
    pub id: String,
    /// The ids that it had in earlier versions.
    pub was: Vec<String>,
    /// Hours after the verdict.
    pub after_hours: u32,
    /// For whom.
    pub dispositions: Vec<Disposition>,
    /// What is sent, when it asks no screens.
    pub message: Option<String>,
    /// The screens it asks, in order, each with whom it is for.
    pub asks: Vec<(ScreenId, Option<file::CheckInOnly>)>,
    /// What is said after the last answer: the first that holds.
    pub closes: Vec<(Condition, String)>,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// A message with its buttons.
#[derive(Debug)]
pub struct Message {
    /// What it says.
    pub text: Template,
    /// Its buttons.
    pub buttons: Vec<Item>,
    /// Where it comes from.
    pub source: Vec<String>,
}

/// What holds in every dialogue.
#[derive(Debug, Default)]
pub struct Common {
    /// Words by voice.
    pub voices: BTreeMap<String, BTreeMap<String, String>>,
    /// What an emergency department is called, by country code.
    pub emergency_room: BTreeMap<String, String>,
    /// Countries offered first, by language.
    pub country_guesses: BTreeMap<String, Vec<String>>,
    /// Countries that measure in Fahrenheit.
    pub fahrenheit: Vec<String>,
    /// Typed words that lead to the question of a fact.
    pub emergency_words: Vec<(FactId, Vec<String>)>,
    /// Typed words that may mean a crisis.
    pub crisis_words: Vec<String>,
    /// Words that turn a hit into its opposite.
    pub negations: Vec<String>,
    /// Words by which a message is about a person.
    pub about_a_person: Vec<String>,
    /// Words for yes.
    pub yes: Vec<String>,
    /// Words for no.
    pub no: Vec<String>,
    /// Words for not sure.
    pub unsure: Vec<String>,
    /// Words for done.
    pub done: Vec<String>,
    /// Words for back.
    pub back: Vec<String>,
    /// Words for no more messages.
    pub stop: Vec<String>,
    /// The labels of the buttons that every screen shares.
    pub buttons: file::ButtonWords,
    /// What a line of what is coming says.
    pub coming: file::ComingWords,
    /// Words of the picture of the days.
    pub picture: file::PictureWords,
    /// Words that the reading grade leaves out.
    pub grade_exceptions: Vec<String>,
}

/// One source and who refers to it.
#[derive(Debug)]
pub struct Source {
    /// What it is.
    pub title: String,
    /// How well it is known.
    pub status: file::SourceStatus,
    /// The elements that carry it, such as "rule E01_cauda_equina".
    pub used_by: Vec<String>,
}

/// A statement of the seed articles that is left out on purpose.
#[derive(Debug)]
pub struct Excluded {
    /// Its id.
    pub id: String,
    /// What it says.
    pub says: String,
    /// Why it is left out.
    pub reason: String,
}

/// Where sources disagree.
#[derive(Debug)]
pub struct Ruling {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// What we do.
    pub choice: String,
}

/// A signature under a change that tells somebody less than the form before did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was changed.
    pub of: Changed,
    /// The form it was signed for; it excuses no other.
    pub form: String,
    /// Why it is right.
    pub reason: String,
    /// Where that comes from.
    pub source: Vec<String>,
    /// Who decided it.
    pub who: String,
    /// The day, as YYYY-MM-DD.
    pub date: String,
}

/// What a change is about, by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// A rule of the form before, which no longer decides.
    Rule(String),
    /// A screen that is met by others than before.
    Screen(String),
}

impl std::fmt::Display for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Changed::Rule(id) => write!(f, "change of rule {id}"),
            Changed::Screen(id) => write!(f, "change of screen {id}"),
        }
    }
}

impl Dialogue {
    /// The screen with this id.
    pub fn screen(&self, id: &str) -> Option<ScreenId> {
        self.screens.iter().position(|s| s.id == id)
    }

    /// The fact with this id.
    pub fn fact(&self, id: &str) -> Option<FactId> {
        self.facts.iter().position(|f| f.id == id)
    }

    /// Whether the first screen asks for nothing, not even consent: its one button only goes on. Then
    /// the first word begins the questions. Such a dialogue is for simulated people.
    pub fn begins_at_once(&self) -> bool {
        let does = |i: &Item| {
            i.act.is_some() || !i.sets.is_empty() || i.then.is_some() || i.reply.is_some()
        };
        matches!(self.screens.first(), Some(s) if s.items.len() == 1 && !does(&s.items[0]))
    }

    /// Nothing known yet.
    pub fn nothing_known(&self) -> Knowledge {
        Knowledge::nothing(self.facts.len())
    }

    /// `known` with the harmless value wherever it is open.
    pub fn completed(&self, known: &Knowledge) -> Knowledge {
        let mut full = known.clone();
        for (i, fact) in self.facts.iter().enumerate() {
            full.set(i, fact.completed(known.get(i)));
        }
        full
    }

    /// Whether a condition certainly holds, as far as is known.
    pub fn holds(
        &self,
        condition: &Condition,
        known: &Knowledge,
        disposition: Option<Disposition>,
    ) -> bool {
        condition.truth(&self.facts, known, disposition).holds()
    }
}
