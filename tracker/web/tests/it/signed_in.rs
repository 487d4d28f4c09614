//! Somebody who is signed in, as a browser is: a cookie, an origin, and forms with their key.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{Request, header};
use snowguard_tracker_db::{Digest, Millis, NewSession, PersonId};
use snowguard_tracker_triage::role::{Role, Roles};

use crate::http::{Answer, ask};
use crate::sample::{NOW, Sample};

/// What browsers send as the host.
pub const HOST: &str = "127.0.0.1:8080";

/// A session.
pub struct Signed<'s> {
    sample: &'s Sample,
    cookie: String,
    pub person: PersonId,
}

impl<'s> Signed<'s> {
    /// Somebody with these roles; a maintainer maintains openssh.
    pub fn new(sample: &'s Sample, name: &str, roles: &[Role]) -> Self {
        let db = &sample.db;
        let number = name.bytes().fold(1, |all, byte| all * 31 + i64::from(byte));
        let person = db.github_person(number, name, Millis::new(NOW)).unwrap().id;
        let given = roles
            .iter()
            .copied()
            .filter(|role| *role > Role::Maintainer);
        db.give_roles(None, person, Roles::new(given), Millis::new(NOW))
            .unwrap();
        if roles.contains(&Role::Maintainer) {
            let alice = snowguard_tracker_db::Maintainer {
                handle: "alice".to_owned(),
                name: "Alice".to_owned(),
                github: Some(name.to_owned()),
                github_id: Some(number),
            };
            db.put_maintainers(&[alice]).unwrap();
        }
        static SESSIONS: AtomicU64 = AtomicU64::new(0);
        let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
        let secret = format!("{:0>64}", format!("{number:x}{session:04x}"));
        let digest: Digest = {
            use sha2::Digest as _;
            sha2::Sha256::digest(&secret).into()
        };
        let session = NewSession {
            digest: &digest,
            person,
            expires: Millis::new(NOW + 1_000_000),
            agent: "test",
        };
        db.begin_session(&session, Millis::new(NOW)).unwrap();
        Self {
            sample,
            cookie: format!("snowguard={secret}"),
            person,
        }
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        ask(&self.sample.router, request.body(Body::empty()).unwrap()).await
    }

    /// The key that this session's forms carry, as a page has it.
    pub async fn form_key(&self) -> String {
        let page = self.get("/account").await.body;
        let (_, rest) = page
            .split_once("name=\"form_key\" value=\"")
            .expect("a form with a key");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form as the browser would.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.form_key().await;
        let mut all = vec![("form_key", key.as_str())];
        all.extend(fields);
        self.post_raw(path, &form(&all)).await
    }

    /// Sends a body as it is.
    pub async fn post_raw(&self, path: &str, body: &str) -> Answer {
        let request = post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, format!("http://{HOST}"));
        ask(
            &self.sample.router,
            request.body(Body::from(body.to_owned())).unwrap(),
        )
        .await
    }
}

impl Signed<'_> {
    /// Sends a form with files, as it is.
    pub async fn post_parts(&self, path: &str, boundary: &str, body: Vec<u8>) -> Answer {
        let kind = format!("multipart/form-data; boundary={boundary}");
        let request = Request::post(path)
            .header(header::HOST, HOST)
            .header(header::CONTENT_TYPE, kind)
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, format!("http://{HOST}"));
        ask(&self.sample.router, request.body(Body::from(body)).unwrap()).await
    }
}

/// The start of a form's request.
pub fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// A form's body.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
