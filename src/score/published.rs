//! The shape of `dialogues/published.yaml`: what was published of others, to stand beside ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `published.yaml`: studies of triage by tools and by people.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedFile {
    /// The studies, in the order in which they are shown.
    pub studies: Vec<Study>,
}

/// One study.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// A short name for it, such as "Semigran 2015".
    pub study: String,
    /// Where it was published.
    pub source: String,
    /// Who or what was tested, and on how many cases.
    pub tested: String,
    /// Its figures of what the scorecard measures as well.
    pub figures: Vec<Figure>,
    /// What else must be known to read them.
    #[serde(default)]
    pub also: String,
}

/// One figure of a study.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What was measured.
    pub measure: Measure,
    /// Of whom.
    pub who: String,
    /// The share of cases, in percent.
    pub percent: f64,
    /// The lower end of the study's own interval.
    #[serde(default)]
    pub low: Option<f64>,
    /// Its upper end.
    #[serde(default)]
    pub high: Option<f64>,
}

/// What the scorecard measures.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Cases that were told exactly the expected level.
    Exact,
    /// Cases that were told a level that is acceptable for them.
    Acceptable,
    /// Expected emergencies that were called emergencies.
    EmergenciesCaught,
    /// Cases that were told a less urgent level than expected.
    TooLow,
    /// Cases that fell by two levels or more, of those that can.
    FellTwoLevels,
    /// Cases that were told the expected level, a more urgent one, or one that is one too low.
    AtMostOneTooLow,
    /// Cases that were told a more urgent level than expected.
    TooHigh,
    /// Expected self-care that was called so.
    SelfCareRight,
    /// Expected self-care that was called an emergency.
    SelfCareCalledEmergency,
}

impl Measure {
    /// All of them, in the order of the card.
    pub const ALL: [Measure; 9] = [
        Measure::Exact,
        Measure::Acceptable,
        Measure::EmergenciesCaught,
        Measure::TooLow,
        Measure::FellTwoLevels,
        Measure::AtMostOneTooLow,
        Measure::TooHigh,
        Measure::SelfCareRight,
        Measure::SelfCareCalledEmergency,
    ];

    /// What it is, in a line of a table.
    pub fn words(self) -> &'static str {
        match self {
            Measure::Exact => "exactly the expected level",
            Measure::Acceptable => "an acceptable level",
            Measure::EmergenciesCaught => "emergencies caught",
            Measure::TooLow => "too low",
            Measure::FellTwoLevels => "fell by two levels or more",
            Measure::AtMostOneTooLow => "at most one level too low",
            Measure::TooHigh => "too high",
            Measure::SelfCareRight => "self-care called self-care",
            Measure::SelfCareCalledEmergency => "self-care called an emergency",
        }
    }
}
