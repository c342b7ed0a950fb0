//! The files under `deploy/`, read.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A path below the root of the repository.
pub fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

pub fn read(below: &str) -> String {
    std::fs::read_to_string(path(below)).unwrap_or_else(|e| panic!("{below}: {e}"))
}

pub fn yaml(below: &str) -> Value {
    serde_saphyr::from_str(&read(below)).unwrap_or_else(|e| panic!("{below}: {e}"))
}

/// One alert rule.
pub struct Alert {
    pub name: String,
    pub expr: String,
    rule: Value,
}

impl Alert {
    /// A label, or nothing.
    pub fn label(&self, name: &str) -> &str {
        self.rule["labels"][name].as_str().unwrap_or("")
    }

    /// An annotation, or nothing.
    pub fn annotation(&self, name: &str) -> &str {
        self.rule["annotations"][name].as_str().unwrap_or("")
    }
}

/// All alert rules; at least one.
pub fn alerts() -> Vec<Alert> {
    let file = yaml("deploy/prometheus/alerts.yaml");
    let groups = file["groups"].as_array().expect("groups");
    let rules = groups
        .iter()
        .flat_map(|g| g["rules"].as_array().expect("rules"));
    let alerts: Vec<Alert> = rules
        .map(|rule| Alert {
            name: rule["alert"].as_str().expect("a name").into(),
            expr: rule["expr"].as_str().expect("an expression").into(),
            rule: rule.clone(),
        })
        .collect();
    assert!(!alerts.is_empty());
    alerts
}

/// What the dashboard asks of Prometheus, with Grafana's variables filled in.
pub fn dashboard_expressions() -> Vec<String> {
    let text = read("deploy/grafana/backtalk.json");
    let dashboard: Value = serde_json::from_str(&text).expect("deploy/grafana/backtalk.json");
    let mut found = Vec::new();
    expressions(&dashboard, &mut found);
    found
        .iter()
        .map(|expr| {
            let filled = expr.replace("$__rate_interval", "5m").replace("$job", ".+");
            assert!(!filled.contains('$'), "an unknown variable in {expr}");
            filled
        })
        .collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(expr) if name == "expr" => found.push(expr.clone()),
                    _ => expressions(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}
