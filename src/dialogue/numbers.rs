//! Emergency and crisis numbers by country, as `dialogues/numbers.yaml` gives them.

/// The numbers of every country that is known.
#[derive(Debug, Default)]
pub struct Numbers {
    /// The rows, in the order of the file.
    pub countries: Vec<Country>,
    /// In place of a number where the country is unknown, or has no line.
    pub unknown: Unknown,
}

/// What is said when the country, or its crisis line, is not known.
#[derive(Debug, Default)]
pub struct Unknown {
    /// In place of the ambulance number.
    pub help_number: String,
    /// In place of the emergency number.
    pub emergency_number: String,
    /// In place of the crisis line.
    pub crisis_line: String,
}

/// The numbers of one country.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166, two capital letters.
    pub code: String,
    /// The English name.
    pub name: String,
    /// The number for a medical emergency, ready to show: "999 or 112".
    pub help: String,
    /// The general emergency number, ready to show.
    pub emergency: String,
    /// The crisis lines, ready to show, with hours and region.
    pub crisis: String,
    /// The day the row was checked, YYYY-MM-DD.
    pub checked_on: String,
}

impl Numbers {
    /// The row of a country code.
    pub fn country(&self, code: &str) -> Option<&Country> {
        self.countries
            .iter()
            .find(|c| c.code.eq_ignore_ascii_case(code))
    }

    /// The country a person means by a typed name or code.
    pub fn named(&self, typed: &str) -> Option<&Country> {
        let typed = typed.trim().to_lowercase();
        let known = [
            ("uk", "GB"),
            ("england", "GB"),
            ("scotland", "GB"),
            ("wales", "GB"),
            ("usa", "US"),
            ("america", "US"),
            ("holland", "NL"),
        ];
        if let Some((_, code)) = known.iter().find(|(n, _)| *n == typed) {
            return self.country(code);
        }
        self.countries
            .iter()
            .find(|c| c.code.to_lowercase() == typed || c.name.to_lowercase() == typed)
            .or_else(|| {
                let near: Vec<&Country> = self
                    .countries
                    .iter()
                    .filter(|c| strsim::damerau_levenshtein(&c.name.to_lowercase(), &typed) <= 1)
                    .collect();
                match near.as_slice() {
                    [one] if typed.len() > 4 => Some(one),
                    _ => None,
                }
            })
    }
}
