//! The doctor finds what is wrong with real servers and files, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use backtalk::store::seal::Keyring;
use backtalk::store::{Store, keys};
use jiff::Timestamp;
use serde_json::Value;

use crate::emulator::Emulator;
use crate::hand::{ANNA, Place, Said, block_on, put, record, sqlite};
use crate::redis_server::{self, Server};

const KEY: &str = "6dTnTxYMYl1WZb5xGcnAFQZJ6kNSrCvs4Xnl4oZTTPY=";
const GOOD: &str = "4242:AAAAAAAAAAsecretAAAAAAAAAAAAAAAAAAA";
const CANARY: &str = "canary-of-anna";

/// The number of the bot that the emulator knows, as in its token.
const BOT: u64 = 4242;

fn ring() -> Keyring {
    Keyring::parse(BOT, KEY).unwrap()
}

/// What the doctor says with these settings. No secret of theirs is in it.
fn doctor(place: &Place, settings: &[(&str, &str)]) -> Said {
    let said = place.run(&["doctor"], settings, "");
    for secret in ["secret", "hush", KEY, CANARY, "emulated-token"] {
        assert!(!format!("{said:?}").contains(secret), "{said:?}");
    }
    said
}

#[track_caller]
fn check(said: &Said, code: i32, says: &[&str]) {
    for says in says {
        assert!(said.out.contains(says), "{says}\n{}{}", said.out, said.err);
    }
    assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
}

/// What a store needs to be somebody's.
async fn settle(store: &dyn Store) {
    keys::adopt(store, BOT, &ring()).await.unwrap();
    let said = record(None, "2100-01-01T00:00:00Z".parse().unwrap(), CANARY);
    put(store, ANNA, 0, &said).await;
}

#[test]
fn a_redis_that_is_badly_set_up_is_found_out() {
    let place = Place::new();
    let server = Server::start(&["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"]);
    let address = server.address().to_string();
    let said = doctor(
        &place,
        &[("REDIS_URL", &address), ("TELOXIDE_TOKEN", "1:no")],
    );
    check(
        &said,
        1,
        &[
            "FAIL  token: cannot be used",
            "warn  dialogue: back_spasm, a draft",
            "FAIL  appendonly: no",
            "FAIL  maxmemory-policy: allkeys-lru",
            "warn  password: none",
            "note  memory: ",
            "note  format: nothing is kept with this prefix yet",
            "ok    role: master",
        ],
    );
    // Looking leaves nothing behind.
    let keys: usize = redis::cmd("DBSIZE").query(&mut server.control()).unwrap();
    assert_eq!(keys, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_well_set_up_passes() {
    let place = Place::new();
    let telegram = Emulator::start().await;
    let server = Server::start(&["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"]);
    let user: &[&str] = &[
        "SETUSER",
        "ann",
        "on",
        ">hush",
        "~well:*",
        "&well:*",
        "+@all",
        "-@dangerous",
        "+info",
        "+role",
        "+config|get",
    ];
    redis::cmd("ACL")
        .arg(user)
        .exec(&mut server.control())
        .unwrap();
    settle(&server.store("well").await).await;
    let address = format!("redis://ann:hush@127.0.0.1:{}", server.port);
    let settings = [
        ("BACKTALK_STORE", address.as_str()),
        ("BACKTALK_REDIS_PREFIX", "well"),
        ("BACKTALK_KEY", KEY),
        ("TELOXIDE_TOKEN", telegram.token()),
        ("TELOXIDE_API_URL", telegram.url()),
    ];
    let said = doctor(&place, &settings);
    let name = format!("ok    bot: @{}", crate::emulator::USERNAME);
    check(
        &said,
        0,
        &[
            name.as_str(),
            "ok    webhook: none",
            "ok    user: ann",
            "ok    appendonly: yes",
            "ok    appendfsync: always",
            "ok    maxmemory-policy: noeviction",
            "ok    format: ",
            "ok    whose: bot 4242",
            "ok    people: 1",
            "ok    encryption: with key",
            "0 failed, 1 warned of.",
        ],
    );
    // The one warning is that nobody has signed the dialogue.
    assert_eq!(said.out.matches("warn  ").count(), 1, "{}", said.out);

    let missing = doctor(&place, &[&settings[..2], &settings[3..]].concat());
    check(&missing, 1, &["FAIL  encryption: sealed with key"]);
    let mut other = settings;
    other[0].1 = "redis://127.0.0.1:1";
    check(
        &doctor(&place, &other),
        1,
        &["FAIL  reached: no, redis://127.0.0.1:1"],
    );
    let wrong = format!("redis://ann:hushhush@127.0.0.1:{}", server.port);
    other[0].1 = &wrong;
    check(
        &doctor(&place, &other),
        1,
        &["FAIL  reached: no", "user or password"],
    );
}

#[test]
fn what_a_redis_may_not_tell_is_unknown() {
    let place = Place::new();
    let server = Server::start(&[]);
    let user: &[&str] = &[
        "SETUSER", "ann", "on", ">hush", "~*", "&*", "+@all", "-config", "-acl",
    ];
    redis::cmd("ACL")
        .arg(user)
        .exec(&mut server.control())
        .unwrap();
    let address = format!("redis://ann:hush@127.0.0.1:{}", server.port);
    let said = doctor(&place, &[("REDIS_URL", &address)]);
    let says = [
        "note  appendfsync: unknown",
        "ok    appendonly: yes",
        "FAIL  token",
    ];
    check(&said, 1, &says);
}

#[test]
fn what_another_program_keeps_there_is_not_taken_for_ours() {
    let place = Place::new();
    let server = redis_server::shared();
    let prefix = redis_server::new_prefix();
    let kept: &[&str] = &["shards", "64", "format", "9"];
    let mut asked = redis::cmd("HSET");
    asked.arg(format!("{prefix}:meta")).arg(kept);
    asked.exec(&mut server.control()).unwrap();
    let address = server.address().to_string();
    let settings = [
        ("REDIS_URL", address.as_str()),
        ("BACKTALK_REDIS_PREFIX", &prefix),
    ];
    check(
        &doctor(&place, &settings),
        1,
        &["FAIL  format: 9 with 64 shards"],
    );
}

#[test]
fn every_master_of_a_cluster_is_looked_at() {
    let place = Place::new();
    let server = Server::start(&["--cluster-enabled", "yes"]);
    let slots: &[&str] = &["ADDSLOTSRANGE", "0", "16383"];
    redis::cmd("CLUSTER")
        .arg(slots)
        .exec(&mut server.control())
        .unwrap();
    redis_server::wait_until("The cluster", || {
        let state: String = redis::cmd("CLUSTER")
            .arg("INFO")
            .query(&mut server.control())
            .unwrap();
        state.contains("cluster_state:ok")
    });
    let address = format!("redis-cluster://127.0.0.1:{}", server.port);
    let said = doctor(&place, &[("REDIS_URL", &address)]);
    check(
        &said,
        1,
        &["ok    cluster: ok", "ok    appendonly: yes", "FAIL  token"],
    );
}

#[test]
fn behind_sentinels_a_master_without_replicas_fails() {
    let place = Place::new();
    let master = Server::start(&[]);
    let sentinel = Server::start_as(|own, folder| {
        let file = format!("{folder}/sentinel.conf");
        let settings = format!(
            "port {own}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor back 127.0.0.1 {} 1\n",
            master.port
        );
        fs::write(&file, settings).unwrap();
        vec![file, "--sentinel".into()]
    });
    let address = format!("redis-sentinel://127.0.0.1:{}/back", sentinel.port);
    let said = doctor(&place, &[("REDIS_URL", &address)]);
    let says = [
        "ok    role: master",
        "FAIL  replicas: 0, and every update waits for 1",
    ];
    check(&said, 1, &says);
    let said = doctor(
        &place,
        &[("REDIS_URL", &address), ("BACKTALK_REDIS_WAIT", "0")],
    );
    check(&said, 1, &["ok    replicas: none"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_a_wrong_token_and_a_silent_telegram_are_told_apart() {
    let place = Place::new();
    let telegram = Emulator::start().await;
    let url = format!("{}/bot{}/setWebhook", telegram.url(), telegram.token());
    let set = reqwest::Client::new()
        .post(url)
        .json(&serde_json::json!({ "url": "https://example.org/hush" }))
        .send();
    assert!(set.await.unwrap().status().is_success());
    let settings = |token, url| {
        [
            ("TELOXIDE_TOKEN", token),
            ("TELOXIDE_API_URL", url),
            ("BACKTALK_STORE", "memory"),
        ]
    };
    let (token, url) = (telegram.token(), telegram.url());
    let said = doctor(&place, &settings(token, url));
    check(
        &said,
        1,
        &["FAIL  webhook: set, to example.org", "/deleteWebhook"],
    );
    let said = doctor(&place, &settings(GOOD, url));
    check(&said, 1, &["FAIL  token: Telegram does not know it"]);
    let said = doctor(&place, &settings(token, "http://127.0.0.1:1"));
    check(&said, 1, &["FAIL  reached: no (network)"]);
}

#[test]
fn a_file_that_a_bot_uses_is_looked_at_and_not_touched() {
    let place = Place::new();
    let path = place.file("a.sqlite");
    let settings = [
        ("BACKTALK_STORE", path.to_str().unwrap()),
        ("BACKTALK_KEY", KEY),
    ];
    let said = doctor(&place, &settings);
    check(&said, 1, &["a.sqlite is not there", "FAIL  token"]);
    assert!(!path.exists());

    let store = sqlite(&path, ring());
    block_on(settle(&store));
    let says = [
        "ok    permissions of the file: 600",
        "ok    people: 1",
        "ok    encryption",
    ];
    check(&doctor(&place, &settings), 1, &says);
    // Nothing that was only looked at keeps the bot from erasing.
    block_on(store.forget(ANNA)).unwrap();
    drop(store);

    let files = || fs::read_dir(place.path()).unwrap().count();
    let (before, beside) = (fs::read(&path).unwrap(), files());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let said = doctor(&place, &settings);
    let warned = "warn  permissions of the file: 644, so others on this machine may read it";
    check(&said, 1, &[warned, "chmod 600", "ok    people: 0"]);
    assert!(before == fs::read(&path).unwrap(), "The file was changed.");
    assert_eq!(files(), beside);
    let store = sqlite(&path, ring());
    assert_eq!(block_on(store.people()).unwrap(), []);
}

#[test]
fn a_program_reads_the_findings_as_json() {
    let place = Place::new();
    let path = place.file("a.sqlite");
    let store = sqlite(&path, Keyring::none());
    block_on(put(
        &store,
        ANNA,
        0,
        &record(Some(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH, CANARY),
    ));
    drop(store);
    let args = ["doctor", "--json", "--store", path.to_str().unwrap()];
    let said = place.run(&args, &[], "");
    assert_eq!(said.code, Some(1));
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["well"], false);
    let findings = json["findings"].as_array().unwrap();
    let level = |what: &str| {
        let found = findings.iter().find(|f| f["what"] == what);
        found.unwrap_or_else(|| panic!("{what}\n{json:#}"))["level"]
            .as_str()
            .unwrap()
    };
    assert_eq!(level("token"), "fail");
    assert_eq!(level("encryption"), "warn");
    assert_eq!(level("due"), "warn");
    assert_eq!(level("kept"), "warn");
    assert!(
        findings
            .iter()
            .all(|f| f["level"] == "ok" || f["cure"].is_string())
    );
}
