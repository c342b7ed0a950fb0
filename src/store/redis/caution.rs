//! Warns of settings of the server under which records can be lost.

use super::link::Link;

/// Look at the settings, as far as this user may, and tell the log what is dangerous.
pub async fn warn(link: &Link, replicas: u32) {
    // Who may not ask this may still keep records.
    let Ok(memory) = link.ask::<String>(info("memory")).await else {
        return;
    };
    let Ok(persistence) = link.ask::<String>(info("persistence")).await else {
        return;
    };
    for danger in dangers(&memory, &persistence, replicas) {
        tracing::warn!("{danger}");
    }
}

fn info(section: &str) -> redis::Cmd {
    let mut command = redis::cmd("INFO");
    command.arg(section);
    command
}

fn dangers(memory: &str, persistence: &str, replicas: u32) -> Vec<&'static str> {
    let mut dangers = Vec::new();
    if !matches!(field(memory, "maxmemory_policy"), None | Some("noeviction")) {
        dangers.push(
            "Redis throws records away when it is full; set its maxmemory-policy to noeviction",
        );
    }
    if field(persistence, "aof_enabled") == Some("0") && replicas == 0 {
        dangers.push(
            "Redis forgets what was kept last when it ends; set its appendonly to yes and its \
             appendfsync to always, or let it have replicas",
        );
    }
    dangers
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_records_is_told() {
        let count = |memory, persistence, replicas| dangers(memory, persistence, replicas).len();
        let (good, bad) = (
            "maxmemory_policy:noeviction\r\n",
            "maxmemory_policy:allkeys-lru\r\n",
        );
        assert_eq!(count(good, "x:1\r\naof_enabled:1\r\n", 0), 0);
        assert_eq!(count(bad, "x:1\r\naof_enabled:1\r\n", 0), 1);
        assert_eq!(count(bad, "aof_enabled:0\r\n", 0), 2);
        assert_eq!(count(good, "aof_enabled:0\r\n", 1), 0);
    }
}
