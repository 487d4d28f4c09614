//! Fresh databases of each kind for the contract.

use snowguard_tracker_db::testing::{self, PostgresDatabase};
use snowguard_tracker_db::{Db, Location};

/// A fresh database that goes when this is dropped.
pub struct Fresh {
    pub location: Location,
    pub db: Db,
    _keep: Keep,
}

/// What goes with the database.
enum Keep {
    Folder { _folder: tempfile::TempDir },
    Server { _database: PostgresDatabase },
}

impl Fresh {
    pub fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("tracker.db"));
        let db = Db::open(&location).unwrap();
        Some(Self {
            location,
            db,
            _keep: Keep::Folder { _folder: folder },
        })
    }

    pub fn postgres() -> Option<Self> {
        match testing::postgres() {
            Ok(database) => {
                let location = Location::parse(&database.url);
                let db = Db::open(&location).unwrap();
                Some(Self {
                    location,
                    db,
                    _keep: Keep::Server {
                        _database: database,
                    },
                })
            }
            Err(why) => {
                println!("LEFT OUT on PostgreSQL: {why}");
                None
            }
        }
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
            $(#[$attribute])*
            #[test]
            fn postgres() {
                if let Some(fresh) = $crate::backend::Fresh::postgres() {
                    check(&fresh);
                }
            }
        })*
    };
}
pub(crate) use contract;
