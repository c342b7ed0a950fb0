//! The serde shape of the dialogue files: exactly what a clinician may write, and nothing else.
//!
//! Unknown and duplicate keys are refused. Every name that another place may refer to is
//! [`Spanned`], so that `load` can point at it. Only `load` reads these types; the rest of the
//! program sees the checked [`Dialogue`](super::Dialogue).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// A word or sentence together with the place where it stands.
pub type Text = Spanned<String>;

/// `facts.yaml`: the vocabulary of one dialogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactsFile {
    /// The facts, by phase of asking.
    pub facts: Vec<FactEntry>,
}

/// One thing that can be known about a person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactEntry {
    /// The id, used in conditions, vignettes and replays. It never changes its meaning.
    #[schemars(with = "String")]
    pub fact: Text,
    /// Ids that it had in earlier versions, so that answers to those still count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub was: Vec<Text>,
    /// How many answers it takes.
    #[serde(rename = "type")]
    pub kind: FactKind,
    /// 0 opening, 1 emergency screen, 2 the pain story, 3 background risk, 4 safety of self-care.
    pub phase: u8,
    /// A short name for the summary, such as "chest pain".
    pub name: String,
    /// Where it stands in the summary; without it under yes, no or not sure, by its answer.
    #[serde(default)]
    pub summary: Option<SummaryPlace>,
    /// The options, from lowest to highest where `ordered`. A `yn` fact has yes, no and unsure
    /// without listing them.
    #[serde(default)]
    pub options: Vec<OptionEntry>,
    /// Whether the options may be compared with `<`, `<=`, `>=`, `>`.
    #[serde(default)]
    pub ordered: bool,
    /// Lowest value of a number.
    #[serde(default)]
    pub min: Option<u8>,
    /// Highest value of a number.
    #[serde(default)]
    pub max: Option<u8>,
    /// The harmless value, for vignettes and for facts whose question never came up.
    #[schemars(with = "DefaultEntry")]
    pub default: Spanned<DefaultEntry>,
    /// What counts as worse: options from least to most worrying, or one word
    /// (`rising` for numbers, `adding` where one more tick is never better, `none`).
    #[schemars(with = "ConcernEntry")]
    pub concern: Spanned<ConcernEntry>,
    /// Whom the fact can apply to; everybody else has its harmless value. `check` rests on it when
    /// it looks for questions that a guard hides.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub ask_when: Option<Text>,
    /// The whole question, as it is asked when the fact is asked alone.
    #[schemars(with = "String")]
    pub question: Text,
    /// One plain explanation with its answers, offered to somebody who is not sure.
    #[serde(default)]
    pub explain: Option<ExplainEntry>,
    /// Why it is asked, in the person's words.
    #[schemars(with = "String")]
    pub why: Text,
    /// Answers that may come later as a warning sign, each with a phrase.
    #[serde(default)]
    pub if_so: Vec<IfSoEntry>,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// The phrase of an answer that somebody at home can notice: *Why?* names it where it would make the
/// advice more urgent. Who somebody is and what has been has none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IfSoEntry {
    /// The option; of a number the lowest value for which the phrase may be said, and there
    /// `{ $n }` is the value from which on it counts.
    #[schemars(with = "String")]
    pub value: Text,
    /// How the sentence "It would be an emergency if you …" ends.
    #[schemars(with = "String")]
    pub say: Text,
    /// How plausible it is that it comes: 1 for the most, 9 for the least.
    pub plausible: u8,
}

/// The lines of a summary that gather facts of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SummaryPlace {
    /// Who it is about.
    Who,
    /// The story of the pain.
    Pain,
    /// Medicines and what makes them unsafe.
    Medicines,
    /// Nowhere.
    Hidden,
}

/// The kinds of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// yes, no or unsure.
    Yn,
    /// One of the options.
    Choice,
    /// Any number of the options.
    Multi,
    /// A whole number from `min` to `max`.
    Number,
}

/// One answer to a fact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionEntry {
    /// The id, used in conditions.
    #[schemars(with = "String")]
    pub id: Text,
    /// Ids that it had in earlier versions, so that answers to those still count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub was: Vec<Text>,
    /// What the person reads.
    pub label: String,
}

/// A default: one option, several, or a number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DefaultEntry {
    /// A number.
    Number(u8),
    /// One option.
    One(String),
    /// Several options.
    Many(Vec<String>),
}

/// An order of concern.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ConcernEntry {
    /// `rising`, `adding` or `none`.
    Word(String),
    /// Options from least to most worrying.
    Order(Vec<String>),
}

/// A plain explanation of a fact, asked by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainEntry {
    /// The explanation, ending in a question.
    #[schemars(with = "String")]
    pub ask: Text,
    /// The answers and what each stores.
    pub answers: Vec<ExplainAnswer>,
}

/// One answer to an explanation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainAnswer {
    /// The button.
    pub say: String,
    /// The option it stores.
    #[schemars(with = "String")]
    pub value: Text,
}

/// `rules.yaml`: named conditions and the rules that give a disposition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// Conditions with a name, used as `@name`.
    #[serde(default)]
    pub conditions: Vec<ConditionEntry>,
    /// The rules, most severe first.
    pub rules: Vec<RuleEntry>,
    /// Steps to a more worrying answer that may lower the disposition all the same.
    #[serde(default)]
    pub worse_may_lower: Vec<ExceptionEntry>,
    /// What no replay or vignette reaches, with the reason.
    #[serde(default)]
    pub unexercised: Vec<UnexercisedEntry>,
}

/// A step to a more worrying answer that may lower the disposition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionEntry {
    /// The fact.
    #[schemars(with = "String")]
    pub fact: Text,
    /// The milder answer; nothing for a fact of several answers, to which one is added.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub from: Option<Text>,
    /// The more worrying answer.
    #[schemars(with = "String")]
    pub to: Text,
    /// Why that is right.
    pub reason: String,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// Something that no replay or vignette reaches.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnexercisedEntry {
    /// What it is, such as `screen who` or `rule E01_cauda_equina`.
    pub element: String,
    /// Why it cannot be reached.
    pub reason: String,
}

/// A condition with a name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionEntry {
    /// The name, without `@`.
    #[schemars(with = "String")]
    pub name: Text,
    /// The condition.
    #[schemars(with = "String")]
    pub when: Text,
}

/// A condition over facts that gives a disposition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    /// The id.
    #[schemars(with = "String")]
    pub rule: Text,
    /// Ids that it had in earlier versions, so that answers to those still count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub was: Vec<Text>,
    /// The condition. `ELSE` holds when no rule of another disposition fired.
    #[schemars(with = "String")]
    pub when: Text,
    /// How urgent it is.
    pub disposition: Disposition,
    /// The reason the person reads.
    #[schemars(with = "String")]
    pub reason: Text,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// How urgent it is, from least to most severe, so that `max` is the one that counts.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Deserialize,
    serde::Serialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// The message is not about anyone's symptoms. It loses to every disposition.
    NoTriage,
    /// No rule asks for a clinician.
    SelfCare,
    /// Book a visit, within about two weeks.
    Routine,
    /// A clinician within 2 to 3 days, 5 at most.
    Soon,
    /// Same-day assessment.
    Urgent,
    /// Life, limb or nerve function may be at risk now.
    Emergency,
}

impl Disposition {
    /// Every disposition, from the least severe to the most.
    pub const ALL: [Disposition; 6] = [
        Disposition::NoTriage,
        Disposition::SelfCare,
        Disposition::Routine,
        Disposition::Soon,
        Disposition::Urgent,
        Disposition::Emergency,
    ];
}

/// `dialogue.yaml`: the screens in asking order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DialogueFile {
    /// The name of the dialogue, the same as its folder.
    #[schemars(with = "String")]
    pub dialogue: Text,
    /// What people call it.
    pub title: String,
    /// Who signed this form of the dialogue, or nothing while it is a draft.
    #[serde(default)]
    pub signed_off: Option<SignedOff>,
    /// What a pause in the middle of the questions leads to.
    pub pauses: PausesEntry,
    /// Whom the talk is about, when it is not the person who writes: the first that holds counts.
    #[serde(default)]
    pub voices: Vec<VoiceEntry>,
    /// Words of the voices that are left empty unless this holds.
    #[serde(default)]
    pub only_words: Vec<OnlyWordEntry>,
    /// The phases in order.
    pub phases: Vec<PhaseEntry>,
    /// The screens in asking order.
    pub screens: Vec<ScreenEntry>,
}

/// How long answers stay fresh.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PausesEntry {
    /// After a longer pause the person is asked whether anything is new.
    pub what_is_new_after_hours: u32,
    /// After a longer one the danger signs are asked again.
    pub danger_again_after_hours: u32,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// A voice and when it is used.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceEntry {
    /// A voice of common.yaml.
    #[schemars(with = "String")]
    pub voice: Text,
    /// When it is used.
    #[schemars(with = "String")]
    pub when: Text,
}

/// A word that is filled in only for some people.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnlyWordEntry {
    /// The placeable.
    #[schemars(with = "String")]
    pub word: Text,
    /// When it is filled in.
    #[schemars(with = "String")]
    pub only_if: Text,
}

/// A clinician's signature under one form of the dialogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedOff {
    /// Name and profession.
    pub by: String,
    /// The day, as YYYY-MM-DD.
    pub date: String,
    /// The form that was signed, as `backtalk check` prints it.
    #[schemars(with = "String")]
    pub form: Text,
}

/// A stretch of the conversation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseEntry {
    /// The id.
    #[schemars(with = "String")]
    pub phase: Text,
    /// The line above each question of this phase.
    pub title: String,
    /// Whether a re-check asks this phase again in full.
    #[serde(default)]
    pub danger: bool,
    /// Whether its screens come after the verdict, for the plan.
    #[serde(default)]
    pub after_verdict: bool,
    /// Whether its screens are asked by check-ins, which name them in plan.yaml.
    #[serde(default)]
    pub check_in: bool,
}

/// One state of the machine: a question with its answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenEntry {
    /// The id.
    #[schemars(with = "String")]
    pub screen: Text,
    /// Ids that it had in earlier versions, so that answers to those still count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub was: Vec<Text>,
    /// The phase it belongs to.
    #[schemars(with = "String")]
    pub phase: Text,
    /// The guard: shown only when this holds. It may name only facts that earlier screens ask.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// Never shown in order, only opened by a `then` of another screen.
    #[serde(default)]
    pub opened: bool,
    /// Asked even when its facts are known already.
    #[serde(default)]
    pub ask_again: bool,
    /// Asked again when the danger signs are gone through again.
    #[serde(default)]
    pub recheck: bool,
    /// Takes text and answers from this earlier screen; only the guard is its own.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub like: Option<Text>,
    /// The question.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub ask: Option<Text>,
    /// Single choice: the first tap answers.
    #[serde(default)]
    pub one_of: Vec<ItemEntry>,
    /// Several choices: ticks, then *Done* or *None of these*.
    #[serde(default)]
    pub any_of: Vec<ItemEntry>,
    /// A number: the fact it sets.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub number: Option<Text>,
    /// Facts that *None of these* and *Done* give their harmless value, where still open.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub none: Vec<Text>,
    /// Whether *None of these* is missing, so that at least one tick is needed.
    #[serde(default)]
    pub at_least_one: bool,
    /// Facts that *Not sure* explains one by one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub not_sure: Vec<Text>,
    /// Whether the list may be skipped: then every gate that reads it counts as firing.
    #[serde(default)]
    pub skip: bool,
    /// What a screen of a check-in advises: it is passed over while a gate leaves that out.
    #[serde(default)]
    pub advises: Vec<Element>,
    /// Ids of `sources.yaml` beyond those of the facts.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// One answer of a screen, or one button of a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemEntry {
    /// The label of a single choice or a button.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub say: Option<Text>,
    /// The label of a tick.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub tick: Option<Text>,
    /// The label when the talk is about somebody else.
    #[serde(default)]
    pub about_other: Option<String>,
    /// The label for people who measure in Fahrenheit.
    #[serde(default)]
    pub in_fahrenheit: Option<String>,
    /// What it stores: `fact = option`, `fact + option`, parted by commas.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub fact: Option<Text>,
    /// Offered only when this holds.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub only_if: Option<Text>,
    /// It stores the harmless value, but the summary says that the question was not answered.
    #[serde(default)]
    pub unanswered: bool,
    /// The screen it opens.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub then: Option<Text>,
    /// What the bot does instead of storing an answer.
    #[serde(default, rename = "do")]
    pub act: Option<Act>,
    /// The message it is answered with.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub reply: Option<Text>,
    /// The plan page it opens.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub page: Option<Text>,
    /// The danger signs are asked again, these screens first; an empty list for their own order.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub recheck: Option<Vec<Text>>,
    /// What the bot does besides storing the answer.
    #[serde(default)]
    pub also: Option<Act>,
    /// The pain goes on, so the start of the bout is by now longer ago than it was answered.
    #[serde(default)]
    pub lasts: bool,
    /// It stores nothing and leads to the next question.
    #[serde(default)]
    pub goes_on: bool,
}

/// What a button can do besides answering a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Agree that answers are kept, and begin.
    Consent,
    /// Refuse: keep nothing.
    Refuse,
    /// Show the emergency numbers.
    HelpNow,
    /// Say more about the bot.
    About,
    /// Choose a country.
    Country,
    /// Type a country that is not on the buttons.
    CountryOther,
    /// Keep the country unknown.
    CountryNone,
    /// Back to the open question.
    CarryOn,
    /// Begin a new check from nothing.
    StartOver,
    /// Go through the danger signs again, keeping the rest.
    CheckAgain,
    /// Show the plan, asking first what it needs.
    Plan,
    /// Show the verdict again.
    Verdict,
    /// Show the summary.
    Summary,
    /// Say why.
    Why,
    /// Choose an earlier answer to change.
    Change,
    /// Go back one answer.
    Back,
    /// The emergency was tapped by mistake: ask again.
    Mistake,
    /// It was a slip: withdraw that answer.
    Slip,
    /// Ice, please: the page about its safety, and from an offer of ice at once the round.
    StartIce,
    /// The same of heat.
    StartHeat,
    /// The page about the safety of a pack is read, and the pack is on.
    StartPack,
    /// The pack is off.
    ItIsOff,
    /// The skin under the pack looks well.
    SkinFine,
    /// The skin under the pack looks wrong.
    SkinWrong,
    /// Ask again in 15 minutes.
    Snooze,
    /// Leave this round out.
    SkipRound,
    /// No more rounds today.
    StopToday,
    /// Stop everything.
    Stop,
    /// Something feels worse: silence the timers and check again.
    FeelsWorse,
    /// Help is on the way or was given: no more asking.
    GotHelp,
    /// Ask again after the first of the longer waits.
    SnoozeMore,
    /// Ask again after the second of the longer waits.
    SnoozeMost,
    /// Go on with the pack that fits now.
    GoOn,
    /// The last pack was off in time.
    WasOff,
    /// Ice makes it worse.
    IceWorse,
    /// A visit is booked.
    Booked,
    /// No visit is booked yet.
    NotBooked,
    /// A clinician has seen them.
    Seen,
    /// Say which time zone they are in.
    Timezone,
    /// Type the time or a city.
    TimezoneOther,
    /// Say when to stay quiet.
    QuietHours,
    /// Type the quiet hours.
    QuietOther,
    /// What is coming.
    Reminders,
    /// Choose for how long to pause.
    Pause,
    /// No pause any more.
    Resume,
    /// End the guided exercise.
    DrillStop,
    /// End the guided exercise, since it brings a sign of danger.
    DrillWorse,
    /// Leave that exercise out for a while.
    DrillDrop,
    /// Erase everything.
    Forget,
}

/// `verdict.yaml`: what is said with each disposition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictFile {
    /// The line and the buttons of each disposition.
    pub verdicts: Vec<VerdictEntry>,
    /// "While you wait" lines, for emergency and urgent only.
    pub while_you_wait: Vec<WaitEntry>,
    /// Lines for some people, under the verdict.
    pub people: Vec<PersonEntry>,
    /// Other texts around the verdict.
    #[serde(default)]
    pub messages: Vec<MessageEntry>,
}

/// What is said with one disposition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictEntry {
    /// The id.
    #[schemars(with = "String")]
    pub verdict: Text,
    /// The disposition.
    pub disposition: Disposition,
    /// Only when one of these rules fired; such an entry goes before the general one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Text>,
    /// What to do now.
    #[schemars(with = "String")]
    pub text: Text,
    /// The buttons.
    pub buttons: Vec<ItemEntry>,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// A "while you wait" line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitEntry {
    /// The id.
    #[schemars(with = "String")]
    pub wait: Text,
    /// The rules it goes with.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Text>,
    /// And only when this holds.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// The line.
    #[schemars(with = "String")]
    pub say: Text,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// A line for some people, under the verdict.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonEntry {
    /// The id.
    #[schemars(with = "String")]
    pub line: Text,
    /// Who it is for. May read `DISPOSITION`.
    #[schemars(with = "String")]
    pub when: Text,
    /// Also when this fact was left unanswered.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub or_unanswered: Option<Text>,
    /// The line.
    #[schemars(with = "String")]
    pub say: Text,
    /// A button that stands in place of the one that makes a plan.
    #[serde(default)]
    pub button: Option<ItemEntry>,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// A message with an id, and its buttons.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageEntry {
    /// The id.
    #[schemars(with = "String")]
    pub message: Text,
    /// What it says.
    #[schemars(with = "String")]
    pub text: Text,
    /// Its buttons.
    #[serde(default)]
    pub buttons: Vec<ItemEntry>,
    /// Ids of `sources.yaml`; needed where the message gives advice.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// `cards.yaml`: what the answers look like, and things worth knowing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CardsFile {
    /// Likely contributors, at most two are shown, in this order.
    pub contributors: Vec<CardEntry>,
    /// Opened from the menu, without a rule.
    pub education: Vec<CardEntry>,
}

/// One card.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CardEntry {
    /// The id.
    #[schemars(with = "String")]
    pub card: Text,
    /// The title.
    pub title: String,
    /// When it is shown; only contributors have it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// What it says.
    #[schemars(with = "String")]
    pub text: Text,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// `plan.yaml`: gates, the ice and heat clock, and the pages of the plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// What decides what the plan leaves out.
    pub gates: Vec<GateEntry>,
    /// Words by which a text speaks of something that gates leave out. A line with one of them says
    /// what it does with it: `advises`, `instead_of`, or `names`.
    #[serde(default)]
    pub element_words: Vec<ElementWords>,
    /// Ice and heat.
    pub clock: ClockEntry,
    /// The pages, in the order of their buttons.
    pub pages: Vec<PageEntry>,
    /// Guided exercises: messages that change as the person goes along.
    pub drills: Vec<DrillEntry>,
    /// What holds for all check-ins.
    pub follow_up: FollowUpEntry,
    /// When the bot writes again.
    pub check_ins: Vec<CheckInEntry>,
    /// Texts of the plan and its rounds.
    #[serde(default)]
    pub messages: Vec<MessageEntry>,
}

/// A gate: while it holds, these elements are left out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateEntry {
    /// The id.
    #[schemars(with = "String")]
    pub gate: Text,
    /// The condition. May read `DISPOSITION`.
    #[schemars(with = "String")]
    pub when: Text,
    /// What it leaves out.
    pub leaves_out: Vec<Element>,
    /// What the bot says about it.
    #[schemars(with = "String")]
    pub say: Text,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// The elements of a plan that a gate can leave out.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Deserialize,
    serde::Serialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// The whole plan, reminders included.
    Coaching,
    /// Anti-inflammatory tablets.
    NsaidAdvice,
    /// Paracetamol (acetaminophen).
    ParacetamolAdvice,
    /// Ice packs.
    Ice,
    /// Heat packs.
    Heat,
    /// Stretches.
    Stretch,
    /// Massage and foam roller.
    Massage,
    /// Strengthening exercises.
    Strengthening,
    /// The breathing drill.
    BreathingDrill,
}

impl Element {
    /// Every element.
    pub const ALL: [Element; 9] = [
        Element::Coaching,
        Element::NsaidAdvice,
        Element::ParacetamolAdvice,
        Element::Ice,
        Element::Heat,
        Element::Stretch,
        Element::Massage,
        Element::Strengthening,
        Element::BreathingDrill,
    ];
}

/// The ice and heat clock.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockEntry {
    /// How long ago it began, by answers; the shortest of those that hold counts.
    pub since: Vec<SinceEntry>,
    /// Ice until this many hours.
    pub ice_until_hours: u32,
    /// Then the person chooses until this many hours; then heat.
    pub choose_until_hours: u32,
    /// While choosing, stay on ice when this holds.
    #[schemars(with = "String")]
    pub stay_on_ice_when: Text,
    /// Heat may come before `ice_until_hours` when this holds and ice is barred or made it worse.
    #[schemars(with = "String")]
    pub early_heat_when: Text,
    /// Shorter ice when this holds.
    #[schemars(with = "String")]
    pub short_ice_when: Text,
    /// An adult holds the pack, for the short time, when this holds.
    #[schemars(with = "String")]
    pub child_when: Text,
    /// Somebody awake should be near when this holds.
    #[schemars(with = "String")]
    pub sleepy_when: Text,
    /// Warm, not hot, when this holds.
    #[schemars(with = "String")]
    pub warm_when: Text,
    /// Ice rounds.
    pub ice: RoundEntry,
    /// Heat rounds.
    pub heat: RoundEntry,
    /// A reminder later than this says that it is late.
    pub late_after_minutes: u32,
    /// "Take it off now" is said once more after this.
    pub off_again_after_minutes: u32,
    /// A round that is put off is offered again after this.
    pub snooze_minutes: u32,
    /// Once it was put off, these two waits can be chosen from.
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
    pub quiet: QuietEntry,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// Quiet hours, in the person's own time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietEntry {
    /// When they begin, such as `22:00`.
    #[schemars(with = "String")]
    pub from: Text,
    /// When they end, such as `07:00`.
    #[schemars(with = "String")]
    pub to: Text,
    /// Other hours that are offered to choose from, such as `21:00 to 07:00`.
    #[schemars(with = "Vec<String>")]
    pub others: Vec<Text>,
}

/// A guided exercise.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillEntry {
    /// The id.
    #[schemars(with = "String")]
    pub drill: Text,
    /// Ids that it had in earlier versions, so that answers to those still count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub was: Vec<Text>,
    /// The page of the plan that has its button.
    #[schemars(with = "String")]
    pub page: Text,
    /// The button that begins it.
    pub button: String,
    /// What it advises: left out when a gate leaves that out.
    pub advises: Vec<Element>,
    /// Offered only when this holds.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// From this many hours since the start of the bout.
    #[serde(default)]
    pub from_hours: u32,
    /// What stands above every step.
    #[schemars(with = "String")]
    pub title: Text,
    /// The steps of one round, in order.
    pub steps: Vec<StepEntry>,
    /// How often all steps are gone through.
    pub rounds: u32,
    /// When to stop, under every step.
    #[schemars(with = "String")]
    pub stop: Text,
    /// The message after it.
    #[schemars(with = "String")]
    pub done: Text,
    /// The danger screen that is asked first when it brings something on.
    #[schemars(with = "String")]
    pub recheck: Text,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// One step of a guided exercise.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepEntry {
    /// What to do.
    #[schemars(with = "String")]
    pub say: Text,
    /// For how long.
    pub seconds: u32,
}

/// What holds for all check-ins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpEntry {
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
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// Hours since the start, for each option of a fact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SinceEntry {
    /// The fact.
    #[schemars(with = "String")]
    pub fact: Text,
    /// Counts only when this holds.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// The fewest hours that each option can mean.
    #[schemars(with = "BTreeMap<String, u32>")]
    pub hours: Spanned<BTreeMap<String, u32>>,
}

/// The times of a round.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundEntry {
    /// Minutes on; a hard stop.
    pub on_minutes: u32,
    /// Minutes on for people with `short_ice_when`.
    #[serde(default)]
    pub short_on_minutes: Option<u32>,
    /// Minutes until the skin check.
    pub check_after_minutes: u32,
    /// Minutes until "you can stop now".
    #[serde(default)]
    pub may_stop_after_minutes: Option<u32>,
    /// Minutes off before the next.
    pub off_minutes: u32,
    /// Rounds a day at most.
    pub cap_per_day: u32,
}

/// A page of the plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageEntry {
    /// The id.
    #[schemars(with = "String")]
    pub page: Text,
    /// The button that opens it.
    pub button: String,
    /// The heading.
    pub title: String,
    /// The lines, each shown when it fits the person and no gate leaves it out.
    pub lines: Vec<LineEntry>,
}

/// One line of a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineEntry {
    /// What it says.
    #[schemars(with = "String")]
    pub say: Text,
    /// Shown only when this holds. May read `DISPOSITION`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// What it advises: left out when a gate leaves that out.
    #[serde(default)]
    pub advises: Vec<Element>,
    /// Shown only when a gate leaves this out.
    #[serde(default)]
    pub instead_of: Vec<Element>,
    /// What it names without advising it, such as what it warns of.
    #[serde(default)]
    pub names: Vec<Element>,
    /// From this many hours since the start.
    #[serde(default)]
    pub from_hours: Option<u32>,
    /// Until before this many hours since the start.
    #[serde(default)]
    pub until_hours: Option<u32>,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// Words by which a text speaks of something that gates leave out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElementWords {
    /// What.
    pub element: Element,
    /// The words, in small letters; a word of the text that begins with one counts.
    pub words: Vec<String>,
}

/// A message some time after the verdict.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInEntry {
    /// The id.
    #[schemars(with = "String")]
    pub check_in: Text,
    /// Ids that it had in earlier versions, so that answers to those still count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub was: Vec<Text>,
    /// Hours after the end of triage.
    pub after_hours: u32,
    /// The dispositions it is for.
    pub dispositions: Vec<Disposition>,
    /// The message that is sent, when it asks no screens.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub message: Option<Text>,
    /// The screens it asks, in order.
    #[serde(default)]
    pub asks: Vec<CheckInAskEntry>,
    /// What is said after the last answer: the first that holds.
    #[serde(default)]
    pub closes: Vec<CloseEntry>,
    /// What each answer leads to, for the reader.
    #[serde(default)]
    pub escalation: String,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// A screen that a check-in asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInAskEntry {
    /// The screen.
    #[schemars(with = "String")]
    pub screen: Text,
    /// Only for those to whom this applies.
    #[serde(default)]
    pub only: Option<CheckInOnly>,
}

/// To whom a screen of a check-in applies, by what happened in the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckInOnly {
    /// Those who have used ice or heat.
    UsedPacks,
    /// Those who have neither booked nor been seen.
    NoVisit,
}

/// What is said at the end of a check-in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseEntry {
    /// When it is said. May read `DISPOSITION`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Text>,
    /// The message.
    #[schemars(with = "String")]
    pub message: Text,
}

/// `sources.yaml`: where each claim comes from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcesFile {
    /// The sources.
    pub sources: Vec<SourceEntry>,
    /// Statements of the seed articles that are left out on purpose.
    #[serde(default)]
    pub excluded: Vec<ExcludedEntry>,
}

/// One source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// The id.
    #[schemars(with = "String")]
    pub source: Text,
    /// What it is, or what it says.
    pub title: String,
    /// Whether it was read.
    pub status: SourceStatus,
    /// The seed articles that say it, by number.
    #[serde(default)]
    pub seeds: Vec<String>,
}

/// How well a source is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceStatus {
    /// A copy was read.
    Seen,
    /// Quoted from memory or second hand.
    Recalled,
    /// Our own judgement, for a clinician to confirm.
    OurJudgement,
}

/// A statement left out on purpose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcludedEntry {
    /// Its id.
    #[schemars(with = "String")]
    pub id: Text,
    /// What it says.
    pub says: String,
    /// Why it is left out.
    pub reason: String,
}

/// `rulings.yaml`: where sources disagree.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulingsFile {
    /// The rulings.
    pub rulings: Vec<RulingEntry>,
}

/// One disagreement and how it was settled.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulingEntry {
    /// The id.
    #[schemars(with = "String")]
    pub ruling: Text,
    /// What it is about.
    pub topic: String,
    /// What each side says.
    pub sides: Vec<SideEntry>,
    /// What we do.
    pub choice: String,
    /// Why.
    pub reason: String,
    /// Ids of `sources.yaml` that settled it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
}

/// One side of a disagreement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SideEntry {
    /// What it says.
    pub says: String,
    /// Who says it: numbers of seed articles.
    #[serde(default)]
    pub seeds: Vec<String>,
}

/// `CHANGES.yaml`: who signed that a form of the dialogue tells somebody less than the one before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangesFile {
    /// The signed changes, the newest first. Those of earlier forms stay as history.
    pub changes: Vec<ChangeEntry>,
}

/// One signed change: of a rule or of a screen, as `backtalk diff` asks for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEntry {
    /// The rule that decided for these people and no longer does.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub rule: Option<Text>,
    /// Or the screen that is asked of others than before.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub screen: Option<Text>,
    /// Whether this form takes it out of the dialogue.
    #[serde(default)]
    pub removed: bool,
    /// The form that was signed, as `backtalk check` prints it.
    #[schemars(with = "String")]
    pub form: Text,
    /// Why it is right to tell these people less.
    #[schemars(with = "String")]
    pub reason: Text,
    /// Ids of `sources.yaml`.
    #[schemars(with = "Vec<String>")]
    pub source: Vec<Text>,
    /// Name and profession of who decided it.
    #[schemars(with = "String")]
    pub who: Text,
    /// The day, as YYYY-MM-DD.
    #[schemars(with = "String")]
    pub date: Text,
}

/// `common.yaml`: what holds in every dialogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommonFile {
    /// Words that change with the person the talk is about, by voice: self, child, other.
    pub voices: BTreeMap<String, BTreeMap<String, String>>,
    /// What people call an emergency department, by country code, with `default`.
    pub emergency_room: BTreeMap<String, String>,
    /// Sentences for a country whose numbers are not known.
    pub country_unknown: CountryUnknown,
    /// Countries offered first, by language code, with `default`.
    pub country_guesses: BTreeMap<String, Vec<String>>,
    /// The labels of the buttons that every screen shares.
    pub buttons: ButtonWords,
    /// Countries that measure in Fahrenheit.
    pub fahrenheit: Vec<String>,
    /// Typed words that may mean an emergency, by the fact that is then asked.
    pub emergency_words: Vec<WordsEntry>,
    /// Typed words that may mean a crisis.
    pub crisis_words: Vec<String>,
    /// Words that turn a following hit into its opposite.
    pub negations: Vec<String>,
    /// Words by which a message shows that it is about a person, not an advert.
    pub about_a_person: Vec<String>,
    /// Words for yes, no and not sure.
    pub answers: AnswerWords,
    /// What a line of what is coming says.
    pub coming: ComingWords,
    /// Words of the picture of the days.
    pub picture: PictureWords,
    /// Our own texts.
    pub messages: Vec<MessageEntry>,
    /// Names of medicines and other words that the reading grade leaves out.
    pub grade_exceptions: Vec<String>,
}

/// What is said when the country is not known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountryUnknown {
    /// In place of the ambulance number.
    pub help_number: String,
    /// In place of the emergency number.
    pub emergency_number: String,
    /// In place of the crisis line, also where a country has none.
    pub crisis_line: String,
}

/// Words that lead to one question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsEntry {
    /// The fact that is asked.
    #[schemars(with = "String")]
    pub fact: Text,
    /// The words, in small letters.
    pub words: Vec<String>,
}

/// Words for yes, no and not sure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerWords {
    /// Words for yes.
    pub yes: Vec<String>,
    /// Words for no, or none of these.
    pub no: Vec<String>,
    /// Words for not sure.
    pub unsure: Vec<String>,
    /// Words for done.
    pub done: Vec<String>,
    /// Words for back.
    pub back: Vec<String>,
    /// Words for no more messages.
    pub stop: Vec<String>,
}

/// The labels of the buttons that every screen shares.
#[derive(Debug, Default, Deserialize, JsonSchema, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct ButtonWords {
    /// None of the items.
    pub none: String,
    /// The ticks are all.
    pub done: String,
    /// Explain an item.
    pub not_sure: String,
    /// To the question before.
    pub back: String,
    /// Leave the list out.
    pub skip: String,
    /// The typed answer was understood.
    pub yes: String,
    /// It was not.
    pub no: String,
    /// The rest of a long list or page.
    pub more: String,
    /// Type the name of a country.
    pub another_country: String,
    /// Keep the country to oneself.
    pub no_country: String,
    /// Choose an earlier answer to change.
    pub change: String,
    /// The pack is off.
    pub pack_off: String,
    /// The education cards, which are also the heading of their list.
    pub cards: String,
    /// Set the time zone.
    pub set_time: String,
    /// Another time than those offered.
    pub another_time: String,
    /// Other quiet hours than those offered.
    pub other_hours: String,
    /// Pause the reminders.
    pub pause: String,
    /// Pause for `{ $hours }` hours.
    #[schemars(with = "String")]
    pub pause_hours: String,
    /// Pause until the morning.
    pub pause_tomorrow: String,
    /// Pause until the person says so.
    pub pause_open: String,
    /// End the pause.
    pub resume: String,
    /// Leave out what is coming next.
    pub skip_next: String,
    /// Be asked now what a check-in would ask.
    pub check_in_now: String,
    /// Leave the next check-in out.
    pub skip_check_in: String,
    /// Say when to stay quiet.
    pub quiet_hours: String,
    /// No more rounds today.
    pub stop_today: String,
    /// What is coming.
    pub coming: String,
    /// Start ice, with `{ $minutes }`.
    #[schemars(with = "String")]
    pub start_ice: String,
    /// Start heat, with `{ $minutes }`.
    #[schemars(with = "String")]
    pub start_heat: String,
}

/// What a line of what is coming says.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct ComingWords {
    /// A look at the skin.
    pub skin_check: String,
    /// The pack must come off.
    pub take_off: String,
    /// The next round is offered.
    pub next_round: String,
    /// In the morning it is asked whether to go on.
    pub morning: String,
    /// A check-in.
    pub check_in: String,
    /// "Did you get help?"
    pub help_check: String,
    /// Reminders are paused until `{ $until }`.
    #[schemars(with = "String")]
    pub paused: String,
    /// Reminders are paused until the person says so.
    pub paused_open: String,
}

/// Words of the picture of the days.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct PictureWords {
    /// The heading.
    pub title: String,
    /// The pain scores.
    pub pain: String,
    /// Rounds of ice.
    pub ice: String,
    /// Rounds of heat.
    pub heat: String,
    /// The worst score of a day.
    pub worst: String,
    /// Check-ins.
    pub check_ins: String,
    /// There is no pain score yet.
    pub empty: String,
    /// There are no rounds or check-ins yet.
    pub none_yet: String,
    /// The last day.
    pub today: String,
    /// The months in short, January first.
    pub months: Vec<String>,
    /// The dispositions, in a word each.
    pub dispositions: BTreeMap<String, String>,
    /// No pain score at all.
    pub no_score: String,
    /// No advice was given.
    pub no_advice: String,
}

/// `numbers.yaml`: emergency and crisis numbers by country.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumbersFile {
    /// The version of the list.
    pub version: u32,
    /// What each key in `checked` stands for.
    pub sources: BTreeMap<String, String>,
    /// The rows.
    pub numbers: Vec<NumberEntry>,
}

/// The numbers of one country.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberEntry {
    /// ISO 3166 code of two letters.
    #[schemars(with = "String")]
    pub code: Text,
    /// The country's name.
    pub country: String,
    /// The general emergency numbers, shown together.
    pub emergency: Vec<String>,
    /// What to know of them; "police" where they reach the police.
    #[serde(default)]
    pub emergency_note: Option<String>,
    /// The ambulance numbers, where they differ.
    pub ambulance: Vec<String>,
    /// Crisis lines.
    pub crisis: Vec<CrisisEntry>,
    /// H or M.
    pub confidence: String,
    /// Which lists it was checked against.
    pub checked: CheckedEntry,
    /// The day of checking, YYYY-MM-DD.
    #[schemars(with = "String")]
    pub checked_on: Text,
}

/// A crisis line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrisisEntry {
    /// The number, as dialled inside the country.
    pub number: String,
    /// Who answers.
    #[serde(default)]
    pub name: Option<String>,
    /// Hours or region.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a row was checked against.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckedEntry {
    /// Lists that carry the emergency numbers.
    pub numbers: Vec<String>,
    /// Lists that carry the crisis lines.
    pub crisis: Vec<String>,
}
