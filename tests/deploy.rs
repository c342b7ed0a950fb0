//! What is under `deploy/` fits the program: its metrics, its settings and the time that it takes to stop.
//! `scripts/deploy` does the same, and lets other validators read the files too.

#[path = "deploy/files.rs"]
mod files;
#[path = "deploy/promql.rs"]
mod promql;

use backtalk::config::table::SETTINGS;
use backtalk::metrics::names;
use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use files::{alerts, dashboard_expressions, path, read, yaml};
use promql::metrics_of;

/// Where the program keeps its file when no store is given; it is every program's.
const STATE: &str = "XDG_STATE_HOME";

/// How long the program takes to stop at most, in seconds.
const STOPS_WITHIN: u64 = 10;

/// The metric of the program that a series belongs to.
fn known(series: &str) -> Option<&'static str> {
    let base = ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|part| series.strip_suffix(part))
        .filter(|base| base.ends_with("_seconds"))
        .unwrap_or(series);
    names::ALL.iter().copied().find(|name| *name == base)
}

#[test]
fn alerts_and_dashboard_ask_only_for_metrics_that_exist() {
    let mut asked: Vec<(String, String)> = Vec::new();
    for alert in alerts() {
        asked.push((alert.name, alert.expr));
    }
    for expr in dashboard_expressions() {
        asked.push(("the dashboard".into(), expr));
    }
    assert!(asked.len() > 40, "{} expressions", asked.len());
    for (who, expr) in asked {
        let series = metrics_of(&expr).unwrap_or_else(|e| panic!("{who}: {e} in {expr}"));
        for series in series {
            assert!(
                series == "up" || known(&series).is_some(),
                "{who} asks for {series}, which the program does not show"
            );
        }
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let shown: BTreeSet<&str> = dashboard_expressions()
        .iter()
        .flat_map(|expr| metrics_of(expr).expect("PromQL"))
        .filter_map(|series| known(&series))
        .collect();
    let missing: Vec<_> = names::ALL.iter().filter(|m| !shown.contains(*m)).collect();
    assert!(
        missing.is_empty(),
        "deploy/grafana/backtalk.json does not show {missing:?}"
    );
}

#[test]
fn every_alert_says_what_is_wrong_how_bad_it_is_and_what_to_do() {
    for alert in alerts() {
        let name = &alert.name;
        assert!(
            ["critical", "warning"].contains(&alert.label("severity")),
            "{name} needs a severity: critical or warning"
        );
        for part in ["summary", "description", "runbook"] {
            let said = alert.annotation(part);
            assert!(
                said.ends_with('.') && said.len() > 15,
                "{name} needs a {part} in sentences"
            );
        }
        assert!(
            read("docs/deploy.md").contains(&format!("`{name}`")),
            "docs/deploy.md does not name {name}"
        );
    }
}

#[test]
fn every_alert_is_tried_firing_and_silent() {
    let tests = yaml("deploy/prometheus/alerts.test.yaml");
    let points: Vec<&Value> = tests["tests"]
        .as_array()
        .expect("tests")
        .iter()
        .flat_map(|t| t["promql_expr_test"].as_array().expect("promql_expr_test"))
        .collect();
    for alert in alerts() {
        let asked = format!(
            "ALERTS{{alertname=\"{}\",alertstate=\"firing\"}}",
            alert.name
        );
        let of_it = points.iter().filter(|p| p["expr"] == asked.as_str());
        let expected: Vec<usize> = of_it
            .map(|p| p["exp_samples"].as_array().map_or(0, Vec::len))
            .collect();
        assert!(
            expected.contains(&0) && expected.iter().any(|n| *n > 0),
            "alerts.test.yaml needs a time at which {} fires and one at which it is silent",
            alert.name
        );
    }
}

#[test]
fn only_settings_that_the_program_knows_are_given() {
    let mut given = BTreeSet::new();
    let generated = yaml("deploy/kubernetes/kustomization.yaml");
    for literal in generated["configMapGenerator"][0]["literals"]
        .as_array()
        .expect("literals")
    {
        given.extend(name_of(literal.as_str().expect("a setting")));
    }
    let secret = yaml("deploy/kubernetes/secret.example.yaml");
    given.extend(
        secret["stringData"]
            .as_object()
            .expect("keys")
            .keys()
            .cloned(),
    );
    for line in read("deploy/systemd/backtalk.env.example").lines() {
        // What is only suggested stands behind a # without a space.
        given.extend(name_of(line.strip_prefix('#').unwrap_or(line)));
    }
    for line in read("deploy/systemd/backtalk.service").lines() {
        given.extend(line.strip_prefix("Environment=").and_then(name_of));
    }
    assert!(given.contains("TELOXIDE_TOKEN") && given.contains("BACKTALK_HEARTBEAT"));
    let unknown: Vec<_> = given
        .iter()
        .filter(|name| *name != STATE && !SETTINGS.iter().any(|setting| setting.env == *name))
        .collect();
    assert!(unknown.is_empty(), "the program knows no {unknown:?}");
}

/// The name before the `=` of a setting; none where a line is prose.
fn name_of(line: &str) -> Option<String> {
    let (name, _) = line.split_once('=')?;
    (!name.is_empty() && !name.contains(' ')).then(|| name.to_owned())
}

#[test]
fn no_secret_is_in_an_example() {
    let secret = yaml("deploy/kubernetes/secret.example.yaml");
    for (name, value) in secret["stringData"].as_object().expect("keys") {
        let value = value.as_str().expect("text");
        assert!(value.contains("REPLACE"), "{name} looks like a real one");
    }
    assert!(
        read("deploy/systemd/backtalk.env.example")
            .lines()
            .any(|line| line == "TELOXIDE_TOKEN=")
    );
}

#[test]
fn whoever_stops_the_program_waits_until_it_has_stopped() {
    let pod = &yaml("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"];
    let before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
    let grace = pod["terminationGracePeriodSeconds"].as_u64();
    assert!(grace.expect("a grace") > before.expect("a sleep") + STOPS_WITHIN);
    let seconds = |text: &str| -> u64 { text.trim_end_matches('s').parse().expect("seconds") };
    let unit = read("deploy/systemd/backtalk.service");
    let unit = unit
        .lines()
        .find_map(|line| line.strip_prefix("TimeoutStopSec="));
    assert!(seconds(unit.expect("TimeoutStopSec")) > STOPS_WITHIN);
    let compose = yaml("compose.yaml");
    let compose = compose["services"]["bot"]["stop_grace_period"].as_str();
    assert!(seconds(compose.expect("stop_grace_period")) > STOPS_WITHIN);
}

#[test]
fn a_replica_is_ready_before_another_stops() {
    let deployment = &yaml("deploy/kubernetes/deployment.yaml")["spec"];
    assert!(deployment["replicas"].as_u64() >= Some(2));
    assert_eq!(deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    let budget = yaml("deploy/kubernetes/poddisruptionbudget.yaml");
    assert!(budget["spec"]["minAvailable"].as_u64() >= Some(1));
}

#[test]
fn promtool_reads_the_rules_their_tests_the_configuration_and_the_dashboard() {
    if Command::new("promtool").arg("--version").output().is_err() {
        println!("Not run: promtool is not installed. `scripts/deploy --install` fetches it.");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let drawn = folder.path().join("dashboard.yaml");
    let rules: Vec<Value> = dashboard_expressions()
        .iter()
        .enumerate()
        .map(|(n, expr)| serde_json::json!({ "record": format!("panel:{n}"), "expr": expr }))
        .collect();
    let groups = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    std::fs::write(&drawn, groups.to_string()).expect("written");
    let prometheus = path("deploy/prometheus");
    for (how, file) in [
        (["check", "rules"], prometheus.join("alerts.yaml")),
        (["test", "rules"], prometheus.join("alerts.test.yaml")),
        (["check", "config"], prometheus.join("prometheus.yaml")),
        (["check", "rules"], drawn),
    ] {
        let out = Command::new("promtool").args(how).arg(&file).output();
        let out = out.expect("promtool runs");
        assert!(
            out.status.success(),
            "promtool {} {}:\n{}{}",
            how.join(" "),
            file.display(),
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
}

/// The crates of the image are built over Cargo.toml alone, and cargo refuses one that names a file which is
/// not there.
#[test]
fn cargo_reads_what_the_image_is_built_from() {
    let dockerfile = read("Dockerfile");
    let begin = dockerfile
        .find("RUN mkdir src")
        .expect("It makes a folder.");
    let step = &dockerfile[begin + "RUN ".len()..];
    let end = step.find("&& tools/").expect("Then it builds.");
    let step = step[..end].replace("\\\n", "");
    let stage = tempfile::tempdir().expect("A folder can be made.");
    for file in ["Cargo.toml", "Cargo.lock"] {
        std::fs::copy(path(file), stage.path().join(file)).expect("It can be copied.");
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let ran = command.args(arguments).current_dir(stage.path()).output();
        let ran = ran.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    };
    run("sh", &["-ec", &step]);
    let metadata = ["metadata", "--no-deps", "--offline", "--format-version=1"];
    run(env!("CARGO"), &metadata);
}
