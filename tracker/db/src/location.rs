//! Where the database is.

use std::fmt;
use std::path::PathBuf;

/// Where the database is: one SQLite file, or a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// Path of the SQLite file.
    Sqlite(PathBuf),
    /// Connection URL (`postgres://user@host/database`).
    Postgres(String),
}

impl Location {
    /// `postgres://…` and `postgresql://…` are servers, all else is a path (`sqlite:` in front is
    /// taken off).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        let path = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
            .unwrap_or(text);
        Self::Sqlite(PathBuf::from(path))
    }
}

impl fmt::Display for Location {
    /// A password in a URL is left out, so that a location can be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // The query may hold `password=` as well; it is of no use to a reader.
    let rest = rest.split('?').next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths() {
        assert_eq!(
            Location::parse("tracker.db"),
            Location::Sqlite("tracker.db".into())
        );
        assert_eq!(
            Location::parse("sqlite:/a/b"),
            Location::Sqlite("/a/b".into())
        );
        assert!(matches!(
            Location::parse("postgresql://h/d"),
            Location::Postgres(_)
        ));
    }

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "postgres://me:s3cret@host/db",
            "postgres://me@host/db?password=s3cret",
            "postgres://me:s3c@ret@host/db",
        ] {
            let shown = format!("{} {:?}", Location::parse(url), Location::parse(url));
            assert!(
                !shown.contains("s3c") && shown.contains("me@host/db"),
                "{shown}"
            );
        }
    }
}
