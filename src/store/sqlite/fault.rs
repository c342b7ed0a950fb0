//! Why SQLite could not do what it was asked, and what the caller is told.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// What went wrong while a query ran.
#[derive(Debug)]
pub enum Fault {
    /// One record cannot be used. The file is well, and the transaction stands.
    Record(StoreError),
    /// The transaction is lost.
    File(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::File(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Record(error)
    }
}

/// What the caller is told. SQLite's own words name tables and causes, never values.
pub fn tell(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::Unusable(format!(
            "{path} is not a Backtalk store; give another file with --store"
        )),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Unusable(format!(
            "{path} is damaged ({error}); restore it from a backup, or give another file with --store"
        )),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::Unusable(format!(
                "{path} cannot be read and written ({error}); change its permissions, or give another file with --store"
            ))
        }
        _ => StoreError::Unavailable(format!("{path}: {error}")),
    }
}
