//! Fresh databases of each kind for the contract.

use snowguard_tracker_db::{Db, Location};

/// A fresh database that goes when this is dropped.
pub struct Fresh {
    pub location: Location,
    pub db: Db,
    _folder: tempfile::TempDir,
}

impl Fresh {
    pub fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("tracker.db"));
        let db = Db::open(&location).unwrap();
        Some(Self {
            location,
            db,
            _folder: folder,
        })
    }
}

/// Makes each function a test on every database.
macro_rules! contract {
    ($($(#[$attribute:meta])* fn $name:ident($fresh:ident) $body:block)*) => {
        $(mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn check($fresh: &$crate::backend::Fresh) $body
            $(#[$attribute])*
            #[test]
            fn sqlite() {
                if let Some(fresh) = $crate::backend::Fresh::sqlite() {
                    check(&fresh);
                }
            }
        })*
    };
}
pub(crate) use contract;
