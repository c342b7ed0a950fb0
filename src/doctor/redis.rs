//! A store in Redis: whether the servers keep what they are given, and from whom.

use super::{Finding, Group, records, span};
use crate::clock::Clock;
use crate::config::StoreSettings;
use crate::store::look::look;
use crate::store::redis::Address;
use crate::store::redis::probe::{Probe, Server, probe};
use crate::store_open;

const GROUP: Group = Group::Store;

/// A clock that is so far off is told of, in milliseconds.
const SKEW_MS: u64 = 1000;

/// A clock that is so far off is no clock to go by: the bot goes by that of the server, in
/// milliseconds.
const GREAT_SKEW_MS: u64 = 30_000;

/// How full a server may be, in percent of its maxmemory.
const FULL: u64 = 80;

/// How full a server is when it will soon refuse to write, in percent.
const ALMOST_FULL: u64 = 95;

/// Look at the servers and at what is kept there, and judge.
pub async fn examine(
    address: &Address,
    settings: &StoreSettings,
    question: &records::Question<'_>,
    clock: &dyn Clock,
) -> Vec<Finding> {
    let seen = match probe(address, &settings.redis_prefix, || clock.now()).await {
        Ok(seen) => seen,
        Err(why) => return vec![GROUP.fail("reached", format!("no, {address}"), why.to_string())],
    };
    let mut findings = vec![GROUP.ok(
        "place",
        format!("{address}, prefix {}", settings.redis_prefix),
    )];
    let wait = settings
        .redis_wait
        .unwrap_or(u32::from(address.has_sentinels()));
    findings.extend(judge(&seen, wait));
    if seen.kept.is_some_and(|kept| kept.is_ours) {
        let looking = async {
            let store = store_open::as_it_is(settings, question.keys.clone()).await?;
            let looking = look(&*store, question.keys.newest(), question.oldest);
            looking.await.map_err(|e| e.to_string())
        };
        match looking.await {
            Ok(look) => findings.extend(records::judge(&look, question)),
            Err(why) => findings.push(GROUP.fail("content", "cannot be read", why)),
        }
    }
    findings
}

/// Judge what the servers told. `wait` is how many replicas every change must reach.
fn judge(seen: &Probe, wait: u32) -> Vec<Finding> {
    let mut findings = vec![kept(seen), user(seen), encryption(seen), poller(seen)];
    let many = seen.servers.len() > 1;
    for server in &seen.servers {
        let mut its = server_findings(server, wait);
        if many {
            // The servers of a Cluster are told apart, and what is well is told once.
            its.retain(|f| f.cure.is_some());
            its.iter_mut()
                .for_each(|f| f.value = format!("{}, at {}", f.value, server.name));
        }
        findings.extend(its);
    }
    if many {
        findings.push(GROUP.ok("masters", seen.servers.len().to_string()));
    }
    findings
}

fn kept(seen: &Probe) -> Finding {
    match &seen.kept {
        None => GROUP.note(
            "format",
            "nothing is kept with this prefix yet",
            "the bot begins when it starts; if there should be something, correct BACKTALK_REDIS_PREFIX and the address",
        ),
        Some(kept) if kept.is_ours => GROUP.ok("format", "the one that this program reads"),
        Some(kept) => GROUP.fail(
            "format",
            format!("{} with {} shards, which this program does not read", kept.format, kept.shards),
            "run the Backtalk that wrote it, or give another BACKTALK_REDIS_PREFIX",
        ),
    }
}

fn user(seen: &Probe) -> Finding {
    let user = seen.servers.first().and_then(|s| s.user.as_deref());
    match (user, seen.has_password, seen.is_near) {
        (_, false, true) => GROUP.warn(
            "password",
            "none: every program on this machine may read everything",
            "make a user with a password (ACL SETUSER) and put both into the address",
        ),
        (_, false, false) => GROUP.fail(
            "password",
            "none: whoever reaches this Redis may read everything",
            "make a user with a password (ACL SETUSER) and put both into the address",
        ),
        (None | Some("default"), true, _) => GROUP.note(
            "user",
            "default, which may do everything",
            "make one that may do what a bot needs: ACL SETUSER NAME on >PASSWORD ~PREFIX:* &PREFIX:* +@all -@dangerous +info +role +config|get",
        ),
        (Some(user), true, _) => GROUP.ok("user", user),
    }
}

fn encryption(seen: &Probe) -> Finding {
    match (seen.is_encrypted, seen.is_near) {
        (true, _) => GROUP.ok("connection", "encrypted"),
        (false, true) => GROUP.ok("connection", "not encrypted, within this machine"),
        (false, false) => GROUP.warn(
            "connection",
            "not encrypted: passwords and records cross the network readably",
            "begin the address with rediss",
        ),
    }
}

fn poller(seen: &Probe) -> Finding {
    match seen.leads_for_ms {
        None => GROUP.note("leader", "no bot polls", "start one with: backtalk run"),
        Some(left) if left < 0 => GROUP.warn(
            "leader",
            format!("the bot that polled died {} ago", span(-left / 1000)),
            "look at its log, and start it again",
        ),
        Some(_) => GROUP.ok("leader", "a bot polls"),
    }
}

fn server_findings(server: &Server, wait: u32) -> Vec<Finding> {
    let mut findings = vec![
        version(server),
        role(server),
        log(server, wait),
        flushing(server),
        eviction(server),
        memory(server),
        replicas(server, wait),
        clock(server),
    ];
    findings.extend(writes(server));
    if let Some(state) = server.cluster.get("cluster_state") {
        findings.push(match state.as_str() {
            "ok" => GROUP.ok("cluster", "ok"),
            state => GROUP.fail(
                "cluster",
                state,
                "`redis-cli --cluster check` says which slots have no master",
            ),
        });
    }
    findings
}

fn version(server: &Server) -> Finding {
    let text = server.info.get("redis_version");
    let mut numbers = text
        .iter()
        .flat_map(|v| v.split('.'))
        .map_while(|n| n.parse::<u32>().ok());
    let (major, minor) = (numbers.next(), numbers.next());
    let text = text.map_or("unknown", String::as_str);
    match (major, minor) {
        (Some(7..), _) => GROUP.ok("version", text),
        (Some(6), Some(2..)) => GROUP.note("version", text, "7 or later is advised"),
        (Some(_), _) => GROUP.fail("version", text, "run Redis 7, or at least 6.2"),
        (None, _) => unknown("version"),
    }
}

fn role(server: &Server) -> Finding {
    match server.info.get("role").map(String::as_str) {
        Some("master") => GROUP.ok("role", "master"),
        Some(other) => GROUP.fail(
            "role",
            other,
            "give the address of the master, or with redis-sentinel:// those of the Sentinels",
        ),
        None => unknown("role"),
    }
}

/// What a server does not tell.
fn unknown(what: &'static str) -> Finding {
    GROUP.note(what, "unknown", "ask whoever manages this Redis")
}

fn setting<'a>(server: &'a Server, name: &str) -> Option<&'a str> {
    server.settings.get(name).map(String::as_str)
}

fn log(server: &Server, wait: u32) -> Finding {
    const WHAT: &str = "appendonly";
    // Whoever hides the settings may still tell this.
    let told = server.info.get("aof_enabled").map(|on| match on.as_str() {
        "1" => "yes",
        _ => "no",
    });
    match setting(server, WHAT).or(told) {
        Some("yes") => GROUP.ok(WHAT, "yes"),
        Some(_) if wait > 0 => GROUP.warn(
            WHAT,
            "no: what people said is lost when Redis and its replicas end",
            "CONFIG SET appendonly yes, and CONFIG REWRITE",
        ),
        Some(_) => GROUP.fail(
            WHAT,
            "no: what people said is lost when Redis ends",
            "CONFIG SET appendonly yes, and CONFIG REWRITE",
        ),
        None => unknown(WHAT),
    }
}

fn flushing(server: &Server) -> Finding {
    const WHAT: &str = "appendfsync";
    match setting(server, WHAT) {
        Some("always") => GROUP.ok(WHAT, "always"),
        Some("everysec") => GROUP.note(
            WHAT,
            "everysec: a crash of the machine may lose the last second",
            "for nothing to be lost: CONFIG SET appendfsync always, or wait for a replica with BACKTALK_REDIS_WAIT=1",
        ),
        Some(other) => GROUP.warn(
            WHAT,
            format!("{other}: a crash of the machine may lose half a minute"),
            "CONFIG SET appendfsync always (or everysec), and CONFIG REWRITE",
        ),
        None => unknown(WHAT),
    }
}

fn eviction(server: &Server) -> Finding {
    const WHAT: &str = "maxmemory-policy";
    let told = server.info.get("maxmemory_policy").map(String::as_str);
    match setting(server, WHAT).or(told) {
        Some("noeviction") => GROUP.ok(WHAT, "noeviction"),
        Some(other) => GROUP.fail(
            WHAT,
            format!("{other}: a full Redis throws records away"),
            "CONFIG SET maxmemory-policy noeviction, and CONFIG REWRITE",
        ),
        None => unknown(WHAT),
    }
}

fn memory(server: &Server) -> Finding {
    const WHAT: &str = "memory";
    let number = |name: &str| server.info.get(name).and_then(|n| n.parse::<u64>().ok());
    let most = setting(server, "maxmemory").and_then(|n| n.parse().ok());
    let mb = |bytes: u64| bytes.div_ceil(1_000_000);
    match (number("used_memory"), number("maxmemory").or(most)) {
        (Some(used), Some(0)) => GROUP.note(
            WHAT,
            format!("{} MB, without a limit", mb(used)),
            "set maxmemory below what the machine has, so that Redis refuses writes before it is killed",
        ),
        (Some(used), Some(most)) => {
            let percent = used.saturating_mul(100) / most;
            let value = format!("{} of {} MB, {percent} %", mb(used), mb(most));
            let cure = "give it more: CONFIG SET maxmemory, and CONFIG REWRITE";
            match percent {
                ALMOST_FULL.. => GROUP.fail(WHAT, value, cure),
                FULL.. => GROUP.warn(WHAT, value, cure),
                _ => GROUP.ok(WHAT, value),
            }
        }
        _ => unknown(WHAT),
    }
}

fn replicas(server: &Server, wait: u32) -> Finding {
    const WHAT: &str = "replicas";
    let there = server
        .info
        .get("connected_slaves")
        .and_then(|n| n.parse::<u32>().ok());
    match there {
        None => unknown(WHAT),
        Some(there) if there < wait => GROUP.fail(
            WHAT,
            format!(
                "{there}, and every update waits for {wait}, so that none is ever acknowledged"
            ),
            "start the replicas again, or lower BACKTALK_REDIS_WAIT",
        ),
        Some(0) => GROUP.ok(WHAT, "none"),
        Some(there) if wait == 0 => GROUP.note(
            WHAT,
            format!("{there}, and no update waits for them"),
            "so that a failover loses nothing: BACKTALK_REDIS_WAIT=1",
        ),
        Some(there) => GROUP.ok(WHAT, format!("{there}, and every update waits for {wait}")),
    }
}

fn clock(server: &Server) -> Finding {
    const WHAT: &str = "clock";
    let Some(ahead_ms) = server.ahead_ms else {
        return unknown(WHAT);
    };
    let way = if ahead_ms < 0 { "behind" } else { "ahead of" };
    let value = format!("{} ms {way} this machine", ahead_ms.unsigned_abs());
    let cure = "set the clocks of both machines by NTP";
    match ahead_ms.unsigned_abs() {
        GREAT_SKEW_MS.. => GROUP.fail(WHAT, value, cure),
        SKEW_MS.. => GROUP.warn(WHAT, value, cure),
        _ => GROUP.ok(WHAT, value),
    }
}

/// Writes to the disk that failed.
fn writes(server: &Server) -> Vec<Finding> {
    let last = [
        ("append-only file", "aof_last_write_status"),
        ("rewriting the file", "aof_last_bgrewrite_status"),
        ("snapshot", "rdb_last_bgsave_status"),
    ];
    let failed = last.into_iter().filter(|(_, name)| {
        let status = server.info.get(*name);
        status.is_some_and(|status| status != "ok")
    });
    failed
        .map(|(what, _)| {
            let cure =
                "look at its log and at the room on its disk; Redis refuses writes meanwhile";
            GROUP.fail(what, "could not be written", cure)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::doctor::print;
    use crate::store::redis::probe::Kept;

    fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        pairs.iter().map(own).collect()
    }

    /// A Redis that is well set up, with these other words in its `INFO` and settings.
    fn well(info: &[(&str, &str)], settings: &[(&str, &str)]) -> Probe {
        let mut server = Server {
            name: "redis:6379".into(),
            info: map(&[
                ("redis_version", "7.2.4"),
                ("role", "master"),
                ("connected_slaves", "1"),
                ("used_memory", "1000000"),
                ("maxmemory", "100000000"),
                ("aof_last_write_status", "ok"),
            ]),
            settings: map(&[
                ("appendonly", "yes"),
                ("appendfsync", "always"),
                ("maxmemory-policy", "noeviction"),
            ]),
            ahead_ms: Some(-3),
            user: Some("bot".into()),
            ..Server::default()
        };
        server.info.extend(map(info));
        server.settings.extend(map(settings));
        Probe {
            servers: vec![server],
            has_password: true,
            is_encrypted: true,
            is_near: false,
            kept: Some(Kept {
                shards: "128".into(),
                format: "1".into(),
                is_ours: true,
            }),
            leads_for_ms: Some(1000),
        }
    }

    #[track_caller]
    fn check(probe: &Probe, wait: u32, says: &str) {
        let said = print::text(&judge(probe, wait));
        assert!(said.contains(says), "{said}");
    }

    #[test]
    fn a_redis_that_is_well_set_up_needs_nothing() {
        let said = print::text(&judge(&well(&[], &[]), 1));
        assert!(!said.contains('→'), "{said}");
    }

    #[test]
    fn each_setting_that_loses_records_is_found() {
        let lost = well(&[], &[("appendonly", "no")]);
        check(&lost, 0, "FAIL  appendonly: no");
        check(&lost, 1, "warn  appendonly: no");
        check(
            &well(&[], &[("appendfsync", "no")]),
            1,
            "warn  appendfsync: no",
        );
        check(
            &well(&[], &[("appendfsync", "everysec")]),
            1,
            "note  appendfsync",
        );
        let evicting = well(&[], &[("maxmemory-policy", "volatile-lru")]);
        check(&evicting, 1, "FAIL  maxmemory-policy: volatile-lru");
        check(
            &well(&[("used_memory", "96000000")], &[]),
            1,
            "FAIL  memory: 96 of 100 MB",
        );
        check(
            &well(&[("used_memory", "81000000")], &[]),
            1,
            "warn  memory: 81 of 100 MB",
        );
        check(
            &well(&[("maxmemory", "0")], &[]),
            1,
            "note  memory: 1 MB, without",
        );
        check(
            &well(&[("redis_version", "6.0.9")], &[]),
            1,
            "FAIL  version: 6.0.9",
        );
        check(
            &well(&[("redis_version", "6.2.1")], &[]),
            1,
            "note  version: 6.2.1",
        );
        check(&well(&[("role", "slave")], &[]), 1, "FAIL  role: slave");
        check(&well(&[], &[]), 2, "FAIL  replicas: 1");
        check(&well(&[], &[]), 0, "note  replicas: 1");
        check(
            &well(&[("aof_last_write_status", "err")], &[]),
            1,
            "FAIL  append-only",
        );
    }

    #[test]
    fn who_may_come_in_and_how_is_judged() {
        let mut probe = well(&[], &[]);
        probe.is_encrypted = false;
        check(&probe, 1, "warn  connection");
        probe.has_password = false;
        check(&probe, 1, "FAIL  password");
        probe.is_near = true;
        check(&probe, 1, "warn  password");
        check(&probe, 1, "ok    connection");
    }

    #[test]
    fn another_format_a_dead_leader_and_a_wrong_clock_are_told() {
        let mut probe = well(&[], &[]);
        probe.leads_for_ms = Some(-61_000);
        probe.servers[0].ahead_ms = Some(-2000);
        probe.kept = probe.kept.map(|kept| Kept {
            is_ours: false,
            ..kept
        });
        check(&probe, 1, "warn  leader: the bot that polled died 61 s ago");
        check(&probe, 1, "warn  clock: 2000 ms behind this machine");
        check(&probe, 1, "FAIL  format: 1 with 128 shards");
    }

    #[test]
    fn what_a_managed_redis_does_not_tell_is_unknown() {
        let mut probe = well(&[], &[]);
        probe.servers[0].settings.clear();
        check(&probe, 1, "note  appendfsync: unknown");
        check(&probe, 1, "note  maxmemory-policy: unknown");
    }

    #[test]
    fn the_servers_of_a_cluster_are_told_apart() {
        let mut probe = well(&[], &[]);
        let mut other = well(&[], &[("appendonly", "no")]).servers.remove(0);
        other.name = "two:1".into();
        other.cluster = map(&[("cluster_state", "fail")]);
        probe.servers.push(other);
        check(
            &probe,
            0,
            "FAIL  appendonly: no: what people said is lost when Redis ends, at two:1",
        );
        check(&probe, 1, "FAIL  cluster: fail, at two:1");
        check(&probe, 1, "ok    masters: 2");
    }
}
