//! Findings as text and as JSON.

use super::{Finding, Group, Level, is_well};

impl Group {
    fn heading(self) -> &'static str {
        match self {
            Group::Dialogue => "Dialogue",
            Group::Telegram => "Telegram",
            Group::Store => "Store",
            Group::Records => "Records",
        }
    }
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        }
    }
}

/// One line for each finding, below the heading of its group.
pub fn text(findings: &[Finding]) -> String {
    let mut out = String::new();
    let mut group = None;
    for finding in findings {
        if group.replace(finding.group) != Some(finding.group) {
            out.push_str(finding.group.heading());
            out.push('\n');
        }
        let word = finding.level.word();
        out.push_str(&format!("  {word:<4}  {}: {}", finding.what, finding.value));
        if let Some(cure) = &finding.cure {
            out.push_str(&format!("  → {cure}"));
        }
        out.push('\n');
    }
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    let (fails, warnings) = (count(Level::Fail), count(Level::Warn));
    out.push_str(&format!("{fails} failed, {warnings} warned of.\n"));
    out
}

/// `well`, and the findings with their group, level, what, value and cure.
pub fn json(findings: &[Finding]) -> serde_json::Value {
    serde_json::json!({ "well": is_well(findings), "findings": findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_one_line_below_the_heading_of_its_group() {
        let findings = [
            Group::Telegram.ok("bot", "@backtalk"),
            Group::Store.ok("place", "a.sqlite"),
            Group::Store.fail("mode", "644", "chmod 600 a.sqlite"),
            Group::Store.warn("size", "9 GB", "look at the disk"),
        ];
        assert_eq!(
            text(&findings),
            "Telegram\n  ok    bot: @backtalk\n\
             Store\n  ok    place: a.sqlite\n  FAIL  mode: 644  → chmod 600 a.sqlite\n  \
             warn  size: 9 GB  → look at the disk\n1 failed, 1 warned of.\n"
        );
        let json = json(&findings);
        assert_eq!(json["well"], false);
        assert_eq!(json["findings"][2]["level"], "fail");
    }
}
