//! Why Redis did not do what it was asked, and what follows from it.
//!
//! Redis's own words may repeat what it was sent, so they are never told: only their first word, the
//! kind of error, is looked at and named.

use redis::{ErrorKind, RedisError};

use crate::store::StoreError;

/// What follows from an error.
#[derive(Debug)]
pub enum Fault {
    /// Drop the connection, find the server again and repeat; this is what to tell if time runs out.
    Again(String),
    /// The script is not on the server.
    NoScript,
    /// Tell the caller.
    Tell(StoreError),
}

/// What follows from `error`. In a Cluster, what moved is found again.
pub fn classify(error: &RedisError, in_cluster: bool) -> Fault {
    let unusable = |why: &str| Fault::Tell(StoreError::Unusable(why.to_owned()));
    match error.kind() {
        ErrorKind::AuthenticationFailed => unusable(REFUSED),
        ErrorKind::InvalidClientConfig | ErrorKind::EmptySentinelList => {
            unusable("the address of Redis cannot be used; see docs/redis.md for how it is written")
        }
        ErrorKind::Io if is_tls(error) => unusable(
            "Redis did not show a certificate that can be trusted; give the one that signed it \
             with ?ca=FILE at the end of the address",
        ),
        ErrorKind::UnexpectedReturnType => {
            unusable("Redis answered with something else than was asked for")
        }
        ErrorKind::Server(_) | ErrorKind::Extension => said(&word(error), in_cluster),
        _ => Fault::Again(format!("Redis cannot be reached ({})", error.category())),
    }
}

const REFUSED: &str = "Redis refuses the user or password of the address; correct them, or with \
    `redis-cli ACL LIST` look what the user may do";

/// What follows from the first word of what Redis said.
fn said(word: &str, in_cluster: bool) -> Fault {
    let again = |why: &str| Fault::Again(format!("{why} ({word})"));
    let unusable = |why: &str| Fault::Tell(StoreError::Unusable(format!("{why} ({word})")));
    let full = |why: &str| Fault::Tell(StoreError::Full(why.to_owned()));
    match word {
        "NOSCRIPT" => Fault::NoScript,
        "OOM" => full("Redis is at maxmemory; give it more"),
        "MISCONF" => full("Redis cannot write to its disk; see its log"),
        "READONLY" | "MASTERDOWN" | "NOREPLICAS" | "CLUSTERDOWN" | "TRYAGAIN" | "ASK" => {
            again("Redis has no master that may write")
        }
        "MOVED" if in_cluster => again("Redis moves what was asked for"),
        "LOADING" => again("Redis is still reading its file"),
        "BUSY" | "UNBLOCKED" | "UNKILLABLE" | "MAXCLIENTS" | "CLIENTKILLED" => {
            again("Redis is busy")
        }
        "NOAUTH" | "WRONGPASS" => unusable(REFUSED),
        "NOPERM" => unusable(
            "the Redis user of the address may not do what a store needs; allow it \
             ~PREFIX:* &PREFIX:* +@all -@dangerous +info +role +config|get",
        ),
        "WRONGTYPE" => unusable(
            "another program has keys with the same prefix in this Redis; give another with \
             BACKTALK_REDIS_PREFIX",
        ),
        "MOVED" | "CROSSSLOT" => unusable(
            "this Redis belongs to a Cluster; begin the address with redis-cluster:// or \
             rediss-cluster://",
        ),
        "NOCLUSTER" => unusable(
            "this Redis belongs to no Cluster; begin the address with redis:// or rediss://",
        ),
        "DBINDEX" => unusable("this Redis has no database of that number; see the address"),
        _ => unusable("Redis refuses what was asked"),
    }
}

/// The kind of a server's error. Where the server has no word of its own, one of ours.
fn word(error: &RedisError) -> String {
    // An error within a pipeline tells of itself only when it is taken out.
    if error.code().is_none()
        && let Some(inner) = error.clone().into_server_errors()
        && let Some((_, first)) = inner.first()
    {
        return word(&RedisError::from(first.clone()));
    }
    let code = error.code().unwrap_or_default();
    let detail = error.detail().unwrap_or_default();
    if code != "ERR" {
        return code.to_owned();
    }
    // Before version 7, an error inside a script is an ERR that quotes the error.
    let quoted = [
        "OOM",
        "READONLY",
        "NOREPLICAS",
        "MISCONF",
        "WRONGTYPE",
        "NOPERM",
    ];
    let ours = [
        ("max number of clients", "MAXCLIENTS"),
        ("cluster support disabled", "NOCLUSTER"),
        ("DB index", "DBINDEX"),
        ("cross-slot", "CROSSSLOT"),
        ("without any password", "WRONGPASS"),
    ];
    let quoted = quoted
        .into_iter()
        .find(|w| detail.contains(&format!("-{w} ")));
    let ours = || ours.into_iter().find(|(part, _)| detail.contains(part));
    quoted
        .or_else(|| ours().map(|(_, word)| word))
        .unwrap_or(code)
        .to_owned()
}

/// Whether the certificate was at fault. The words are those of rustls, which tell no secrets.
fn is_tls(error: &RedisError) -> bool {
    error.to_string().contains("certificate")
}

#[cfg(test)]
mod tests {
    use redis::make_extension_error;

    use super::*;

    fn check(code: &str, detail: &str, expected: &str) {
        let error = make_extension_error(code.into(), Some(detail.into()));
        let found = match classify(&error, false) {
            Fault::Again(_) => "again",
            Fault::NoScript => "no script",
            Fault::Tell(StoreError::Full(_)) => "full",
            Fault::Tell(StoreError::Unusable(_)) => "unusable",
            Fault::Tell(_) => "else",
        };
        assert_eq!(found, expected, "{code} {detail}");
    }

    #[test]
    fn each_error_of_a_server_has_its_way_out() {
        check("OOM", "command not allowed", "full");
        check(
            "ERR",
            "Error running script: @user_script: 3: -OOM command not",
            "full",
        );
        check("MISCONF", "Errors writing to the AOF file", "full");
        check("READONLY", "You can't write", "again");
        check("NOREPLICAS", "Not enough good replicas", "again");
        check("ERR", "max number of clients reached", "again");
        check("NOSCRIPT", "No matching script", "no script");
        check("NOPERM", "this user has no permissions", "unusable");
        check("WRONGTYPE", "Operation against a key", "unusable");
        check("ERR", "unknown command", "unusable");
    }

    #[test]
    fn what_redis_repeats_of_what_it_was_sent_is_not_told() {
        let error = make_extension_error("ERR".into(), Some("unknown: 'canary'".into()));
        assert!(!format!("{:?}", classify(&error, false)).contains("canary"));
    }
}
