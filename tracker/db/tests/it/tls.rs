//! Encrypted connections, to a real server that takes no others.

use snowguard_tracker_db::testing::tls_server;
use snowguard_tracker_db::{Db, DbError, Location};

use crate::sample::{put, record};

#[test]
fn a_connection_is_as_safe_as_the_url_asks() {
    let server = match tls_server() {
        Ok(server) => server,
        Err(why) => {
            println!("LEFT OUT encrypted connections: {why}");
            return;
        }
    };
    let roots = format!("&sslrootcert={}", server.authority.display());
    let open = |host: &str, query: &str| {
        let url = format!("postgres://tester@{host}:{}/postgres?{query}", server.port);
        Db::open(&Location::parse(&url))
    };
    let whole = open("localhost", &format!("sslmode=verify-full{roots}")).unwrap();
    assert_eq!(put(&whole, [record("CVE-2024-1001", "a", "b")]).new, 1);
    for (host, query) in [
        ("127.0.0.1", format!("sslmode=verify-ca{roots}")),
        ("127.0.0.1", format!("sslmode=require{roots}")),
        ("localhost", "sslmode=require".to_owned()),
        ("localhost", "sslmode=prefer".to_owned()),
        ("localhost", String::new()),
    ] {
        let db = open(host, &query).unwrap_or_else(|failed| panic!("{host} {query}: {failed}"));
        assert_eq!(db.counts().unwrap().advisories, 1);
    }
    for (host, query, why) in [
        // The certificate is for another name; nobody whom everyone trusts signed it; the server
        // takes no connection without encryption.
        (
            "127.0.0.1",
            format!("sslmode=verify-full{roots}"),
            "certificate",
        ),
        ("localhost", "sslmode=verify-full".to_owned(), "certificate"),
        (
            "localhost",
            "sslmode=verify-ca&sslrootcert=system".to_owned(),
            "certificate",
        ),
        ("localhost", "sslmode=disable".to_owned(), "no encryption"),
    ] {
        let failed = open(host, &query).unwrap_err();
        assert!(
            matches!(failed, DbError::Lost(_)),
            "{host} {query}: {failed:?}"
        );
        assert!(failed.to_string().contains(why), "{host} {query}: {failed}");
    }
    for query in [
        "sslmode=yes",
        "sslmode=verify-full&sslrootcert=/no/such/file",
    ] {
        let failed = open("localhost", query).unwrap_err();
        assert!(
            matches!(failed, DbError::Location(_)),
            "{query}: {failed:?}"
        );
    }
}
