//! A store in a file: whether it can be read, by whom, and what is in it.
//!
//! The file is only read, without its lock, so that a running bot is not disturbed.

use std::fs;
use std::path::Path;

use super::{Finding, Group, records};
use crate::store::StoreError;
use crate::store::look::{Look, look};
use crate::store::sqlite::SqliteStore;

const GROUP: Group = Group::Store;

/// What the file system says.
#[derive(Debug)]
struct Seen {
    /// The bytes of the file; nothing when there is none.
    bytes: Option<u64>,
    /// The permissions of the file and of its folder, where the system has such.
    modes: Option<(u32, u32)>,
}

/// Look at the file, and judge.
pub async fn examine(path: &Path, question: &records::Question<'_>) -> Vec<Finding> {
    let mut findings = judge(path, &see(path));
    if findings
        .iter()
        .any(|f| f.what == "file" && f.cure.is_some())
    {
        return findings;
    }
    match read(path, question).await {
        Ok((look, is_led)) => {
            findings.push(GROUP.ok("format", "the one that this program reads"));
            findings.push(match is_led {
                true => GROUP.ok("bot", "one uses it, or one was killed while it did"),
                false => GROUP.note("bot", "none uses it", "start it with: backtalk run"),
            });
            findings.extend(records::judge(&look, question));
        }
        Err(why) => findings.push(GROUP.fail("content", "cannot be read", why.to_string())),
    }
    findings
}

fn see(path: &Path) -> Seen {
    let file = fs::metadata(path).ok();
    let folder = path.canonicalize().ok();
    let folder = folder.and_then(|p| fs::metadata(p.parent()?).ok());
    #[cfg(unix)]
    let mode = |m: &fs::Metadata| std::os::unix::fs::PermissionsExt::mode(&m.permissions()) & 0o777;
    Seen {
        bytes: file.as_ref().map(fs::Metadata::len),
        #[cfg(unix)]
        modes: file
            .as_ref()
            .zip(folder.as_ref())
            .map(|(a, b)| (mode(a), mode(b))),
        #[cfg(not(unix))]
        modes: None,
    }
}

async fn read(path: &Path, question: &records::Question<'_>) -> Result<(Look, bool), StoreError> {
    let store = SqliteStore::read(path)?;
    let seen = look(&store, question.keys.newest(), question.oldest).await?;
    Ok((seen, store.is_led().await?))
}

fn judge(path: &Path, seen: &Seen) -> Vec<Finding> {
    let shown = path.display();
    let Some(bytes) = seen.bytes else {
        let cure = "the bot creates it when it starts; if there should be one, correct --store";
        return vec![GROUP.note("file", format!("{shown} is not there"), cure)];
    };
    let mut findings = vec![GROUP.ok("file", format!("{shown}, {} kB", bytes.div_ceil(1024)))];
    let Some((file, folder)) = seen.modes else {
        return findings;
    };
    findings.push(match file & 0o077 {
        0 => GROUP.ok("permissions of the file", format!("{file:03o}")),
        _ => GROUP.warn(
            "permissions of the file",
            format!("{file:03o}, so others on this machine may read it"),
            format!("chmod 600 '{shown}'*"),
        ),
    });
    findings.push(match folder & 0o022 {
        0 => GROUP.ok("permissions of its folder", format!("{folder:03o}")),
        _ => GROUP.warn(
            "permissions of its folder",
            format!("{folder:03o}, so others on this machine may put another file there"),
            "take the right to write away from others (chmod go-w), or choose another folder",
        ),
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[track_caller]
    fn check(file: u32, folder: u32, levels: [Level; 2]) {
        let seen = Seen {
            bytes: Some(1),
            modes: Some((file, folder)),
        };
        let found = judge(Path::new("a"), &seen);
        assert_eq!([found[1].level, found[2].level], levels);
    }

    #[test]
    fn what_others_may_read_or_replace_is_warned_of() {
        check(0o600, 0o755, [Level::Ok, Level::Ok]);
        check(0o644, 0o700, [Level::Warn, Level::Ok]);
        check(0o600, 0o777, [Level::Ok, Level::Warn]);
    }
}
