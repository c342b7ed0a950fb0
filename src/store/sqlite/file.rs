//! The file of a store: found or created, locked, and prepared for use.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, ffi};

use super::fault;
use crate::store::StoreError;

/// The format of the tables.
const FORMAT: i64 = 3;

/// The format before, which had no lanes. It is brought to the newest when it is opened.
const WITHOUT_LANES: i64 = 2;

/// How long SQLite waits for another program that holds the file, such as a backup.
const PATIENCE: Duration = Duration::from_secs(1);

/// The tables. Format 3.
const TABLES: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
    CREATE TABLE record (
        person INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        due_ms INTEGER,
        wake_ms INTEGER,
        active_ms INTEGER NOT NULL,
        seen TEXT NOT NULL,
        body BLOB NOT NULL,
        is_first INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX record_wake ON record (is_first, wake_ms) WHERE wake_ms IS NOT NULL;
    CREATE INDEX record_active ON record (active_ms);
    CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE TABLE attempt (update_id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    CREATE TABLE letter (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        person INTEGER,
        update_id INTEGER,
        why TEXT NOT NULL
    ) STRICT;
";

/// What makes format 3 of format 2.
const ADD_LANES: &str = "
    ALTER TABLE record ADD COLUMN is_first INTEGER NOT NULL DEFAULT 0;
    DROP INDEX record_wake;
    CREATE INDEX record_wake ON record (is_first, wake_ms) WHERE wake_ms IS NOT NULL;
    UPDATE meta SET value = 3 WHERE key = 'format';
";

/// What shows format 2 as format 3 to whoever may not write: this view stands before the table.
const SHOW_LANES: &str = "CREATE TEMP VIEW record AS SELECT *, 0 AS is_first FROM main.record";

/// An open file that no other Backtalk uses, or one that is only read.
#[derive(Debug)]
pub struct StoreFile {
    /// SQLite's handle. It stands first, so that it is dropped before the lock.
    pub connection: Connection,
    /// Where the file is, for messages.
    pub path: PathBuf,
    _lock: Option<Lock>,
}

/// Open the file, and create it and its folder when they are missing.
pub fn open(path: &Path) -> Result<StoreFile, StoreError> {
    let cannot = |what: &str, why: io::Error| {
        StoreError::Unusable(format!(
            "{what} {} is not possible ({why}); give another file with --store",
            path.display()
        ))
    };
    let path = std::path::absolute(path).map_err(|why| cannot("finding", why))?;
    create(&path).map_err(|why| cannot("creating", why))?;
    let lock = lock(&path)
        .map_err(|why| cannot("locking", why))?
        .ok_or_else(|| {
            StoreError::Unusable(format!(
                "another Backtalk is using {}; stop it, or give another file with --store",
                path.display()
            ))
        })?;
    let connection = connect(&path).map_err(|error| fault::tell(&path, &error))?;
    let mut file = StoreFile {
        connection,
        path,
        _lock: Some(lock),
    };
    file.prepare()?;
    Ok(file)
}

/// Open a file that another process may be using, to read it only. It is neither created nor
/// locked, and nothing in it or beside it is changed.
pub fn read(path: &Path) -> Result<StoreFile, StoreError> {
    let tell = |error| fault::tell(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match unused(path) {
        Some(uri) => Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI),
        None => Connection::open_with_flags(path, flags),
    };
    let connection = connection.map_err(tell)?;
    connection.busy_timeout(PATIENCE).map_err(tell)?;
    let found = noted_format(&connection).map_err(tell)?;
    let file = StoreFile {
        connection,
        path: path.to_owned(),
        _lock: None,
    };
    if found == Some(WITHOUT_LANES) {
        file.connection.execute_batch(SHOW_LANES).map_err(tell)?;
        return Ok(file);
    }
    file.must_have(found)?;
    Ok(file)
}

/// A file that is locked. It is unlocked by name: a process that is being started holds what was open
/// for a moment longer, and closing alone would leave the lock to it.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // It ends with the file at the latest.
        let _ = self.0.unlock();
    }
}

/// The name under which SQLite reads a file without a log or locks, where nobody has it open: even
/// a reader would else leave a log beside it. Whoever opens it now writes to a log for a while, so
/// that what is read stays whole.
fn unused(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path)
        .ok()?
        .into_os_string()
        .into_string()
        .ok()?;
    let is_open = Path::new(&format!("{path}-wal")).exists();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    (!is_open).then(|| format!("file:{escaped}?immutable=1"))
}

/// Create the folder and an empty file. A file that exists is not touched, not even opened: closing
/// it would end the locks that SQLite holds on it in this process.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    match private().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Lock the file's neighbour that is there for this. Nothing when another has it. The neighbour is
/// that of the real file, so that a symbolic link is no way around it, and it is never deleted.
fn lock(path: &Path) -> io::Result<Option<Lock>> {
    let mut name = fs::canonicalize(path)?.into_os_string();
    name.push(".lock");
    let lock = private().create(true).truncate(false).open(name)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(Lock(lock))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How files are created: for their owner only. SQLite gives its log the same mode.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // Temporary files would hold what people said, and nothing erases them.
    connection.execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

impl StoreFile {
    /// Make sure that nothing of those who were forgotten can be read in the file or its log.
    ///
    /// `secure_delete` does not do it alone: when SQLite moves rows between pages, it leaves copies
    /// of their bytes in the gaps. So the file is written anew, which takes about a second for
    /// 100,000 people. The mark stands until all is done, so that a crash or a failure on the way
    /// is made good by the next attempt or the next opening.
    pub fn scrub(&self) -> rusqlite::Result<()> {
        let marked = "SELECT count(*) FROM meta WHERE key = 'forgetting'";
        if !self.connection.query_row(marked, [], |row| row.get(0))? {
            return Ok(());
        }
        self.connection.execute_batch("VACUUM")?;
        let wipe_log = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = self.connection.query_row(wipe_log, [], |row| row.get(0))?;
        if busy {
            return Err(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_BUSY),
                Some(
                    "another program reads the file, which keeps what was erased in its log".into(),
                ),
            ));
        }
        self.connection
            .execute_batch("DELETE FROM meta WHERE key = 'forgetting'")
    }

    /// Refuse the file unless it has the format that this program reads.
    fn must_have(&self, found: Option<i64>) -> Result<(), StoreError> {
        match found {
            Some(FORMAT) => Ok(()),
            Some(newer) if newer > FORMAT => {
                self.unusable(&format!(
                    "has format {newer} and this Backtalk reads {FORMAT}; run the newer Backtalk that wrote it"
                ))
            }
            Some(older) => {
                self.unusable(&format!(
                    "has format {older}, from before the first release, and this Backtalk reads {FORMAT}; move it away"
                ))
            }
            None => self.unusable("is not a Backtalk store; move it away"),
        }
    }

    fn unusable(&self, why: &str) -> Result<(), StoreError> {
        Err(StoreError::Unusable(format!(
            "{} {why}, or give another file with --store",
            self.path.display()
        )))
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        let found =
            format(&mut self.connection).map_err(|error| fault::tell(&self.path, &error))?;
        self.must_have(found)?;
        let tell = |error| fault::tell(&self.path, &error);
        let mode: String = self
            .connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(tell)?;
        if mode != "wal" {
            return self.unusable(
                "lies where SQLite cannot keep a write-ahead log; move it to a local disk",
            );
        }
        // The file is ours, so whoever held a lease is gone.
        self.connection
            .execute_batch(
                "PRAGMA synchronous = FULL;
                 UPDATE record SET wake_ms = due_ms WHERE wake_ms IS NOT due_ms;",
            )
            .map_err(tell)?;
        self.scrub().map_err(tell)
    }
}

/// The format of the tables, which are created in an empty file and brought to the newest format in
/// one of the format before. Nothing when they are not ours.
fn format(connection: &mut Connection) -> rusqlite::Result<Option<i64>> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if tables(&tx, "%")? == 0 {
        tx.execute_batch(TABLES)?;
        tx.execute("INSERT INTO meta VALUES ('format', ?1)", [FORMAT])?;
        tx.commit()?;
        return Ok(Some(FORMAT));
    }
    let found = noted_format(&tx)?;
    if found == Some(WITHOUT_LANES) {
        tx.execute_batch(ADD_LANES)?;
        tx.commit()?;
        return Ok(Some(FORMAT));
    }
    Ok(found)
}

/// The format that the file notes of itself. Nothing when its tables are not ours.
fn noted_format(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    if tables(connection, "meta")? == 0 || tables(connection, "record")? == 0 {
        return Ok(None);
    }
    connection
        .query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| {
            row.get(0)
        })
        .optional()
}

/// How many tables have a name like this.
fn tables(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE ?1",
        [name],
        |row| row.get(0),
    )
}
