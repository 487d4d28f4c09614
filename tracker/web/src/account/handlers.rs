//! Signing in and out, one's own account, people.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use snowguard_tracker_db::{Db, Lock, Millis, NewSession, NewToken, Person, PersonId};
use snowguard_tracker_triage::role::{Action, Role, Roles};
use snowguard_tracker_triage::text;

use super::password;
use super::posted::{Posted, PostedByAnyone};
use super::reader::{LIFETIME, Reader};
use super::secret::Secret;
use crate::answer;
use crate::failure::Failure;
use crate::handlers::{Answer, Segment, Shared, show};
use crate::pages::account::{own, people, sign_in};
use crate::request::number;
use crate::server::App;
use crate::triage::see;

/// Scopes that a token may have, and what each is for.
pub const SCOPES: [(&str, &str); 2] = [
    (
        "read",
        "read as yourself: your packages, your subscriptions",
    ),
    ("triage", "decide, as far as your roles allow"),
];

/// Days that a token may last.
const TOKEN_DAYS: [i64; 3] = [30, 90, 365];

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in_with_password))
        .route("/sign-out", post(sign_out))
        .route("/sign-out-everywhere", post(sign_out_everywhere))
        .route("/account", get(account_page))
        .route("/account/tokens", post(make_token))
        .route("/account/tokens/{id}/revoke", post(revoke_token))
        .route("/people", get(people_page))
        .route("/people/{id}/roles", post(give_roles))
        .route("/people/{id}/lock", post(lock))
}

async fn sign_in_page(State(app): Shared, reader: Reader, uri: Uri, request: HeaderMap) -> Answer {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let back = pairs
        .into_iter()
        .find(|(name, _)| name == "back")
        .map(|(_, value)| own_path(&value));
    let by_github = app.doors().sign_in.is_some();
    show(app, reader, request, move |view| {
        Ok(sign_in::Page::new(view.shell, back.unwrap_or_default(), by_github).render()?)
    })
    .await
}

/// A path of our own to go to after signing in: anything else would be an open redirect.
pub(super) fn own_path(text: &str) -> String {
    let odd = |c: char| c.is_control() || c == '\\' || !c.is_ascii();
    match text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(odd)
        && text.len() < 1000
    {
        true => text.to_owned(),
        false => "/".to_owned(),
    }
}

async fn sign_in_with_password(State(app): Shared, posted: PostedByAnyone) -> Answer {
    let name = posted.fields.get("name").to_owned();
    let password = posted.fields.get("password").to_owned();
    let back = own_path(posted.fields.get("back"));
    let now = app.now();
    let person = app
        .work(move |db| check_password(db, &name, &password, Millis::new(now)))
        .await?;
    begin(&app, person, posted.agent, &back).await
}

/// The person of a name and password. Guessing gets slow for each name by itself.
fn check_password(db: &Db, name: &str, password: &str, now: Millis) -> Result<PersonId, Failure> {
    let guarded = format!("password:{}", name.chars().take(100).collect::<String>());
    if db.attempts(&guarded)?.next().is_some_and(|next| next > now) {
        let told = "Too many wrong passwords for this name. Wait a while and try again.";
        return Err(Failure::TooMany(told.to_owned()));
    }
    let found = db.local_person(name)?;
    let kept = found.as_ref().map(|(_, kept)| kept.as_str());
    let fits = password::verify(password, kept);
    let person: Option<Person> = found
        .map(|(person, _)| person)
        .filter(|person| fits && person.locked.is_none());
    let Some(person) = person else {
        db.note_failure(&guarded, now)?;
        // The same words whether there is such a name or not.
        return Err(Failure::Forbidden(
            "Name and password do not fit together.".to_owned(),
        ));
    };
    db.forget_failures(&guarded)?;
    Ok(person.id)
}

/// Begins a session of its own for each sign-in: a cookie that was there before is never taken over.
pub(super) async fn begin(app: &Arc<App>, person: PersonId, agent: String, back: &str) -> Answer {
    let secret = Secret::new()?;
    let digest = secret.digest();
    let now = app.now();
    app.work(move |db| {
        let new = NewSession {
            digest: &digest,
            person,
            expires: Millis::new(now + LIFETIME),
            agent: &agent,
        };
        Ok(db.begin_session(&new, Millis::new(now))?)
    })
    .await?;
    let mut response = see(back)?;
    let cookie = app.reach().set(&secret, LIFETIME / 1000)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn sign_out(State(app): Shared, posted: Posted) -> Answer {
    if let Some(session) = posted.reader.session {
        app.work(move |db| Ok(db.end_session(&session)?)).await?;
    }
    Ok(signed_out(&app)?)
}

async fn sign_out_everywhere(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    app.work(move |db| Ok(db.end_sessions(person)?)).await?;
    Ok(signed_out(&app)?)
}

fn signed_out(app: &App) -> Result<Response, Failure> {
    let mut response = see("/")?;
    response
        .headers_mut()
        .insert(header::SET_COOKIE, app.reach().clear());
    Ok(response)
}

async fn account_page(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    let person = reader.require(Action::OwnAccount)?;
    show(app, reader, request, move |view| {
        let now = Millis::new(view.now);
        let input = own::Input {
            sessions: view.db.sessions(person, now)?,
            tokens: view.db.tokens(person, now)?,
            roles: view.reader.roles,
            owned: view.reader.owned.clone(),
            fresh: None,
        };
        Ok(own::Page::new(view.shell, input, view.now).render()?)
    })
    .await
}

async fn make_token(State(app): Shared, request: HeaderMap, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let name = text::line("name", posted.fields.get("name")).map_err(Failure::from)?;
    let wanted = |scope: &&str| posted.fields.all("scope").any(|one| one == *scope);
    let scopes: Vec<&'static str> = SCOPES
        .iter()
        .map(|(scope, _)| *scope)
        .filter(wanted)
        .collect();
    let days = posted.fields.number("days")?;
    if !TOKEN_DAYS.contains(&days) {
        return Err(Failure::BadRequest("A token lasts 30, 90 or 365 days.".to_owned()).into());
    }
    let secret = Secret::new()?;
    let digest = secret.digest();
    let reader = posted.reader;
    let now = app.now();
    // The one page that shows the token: it is not kept anywhere, nor by the browser.
    let body = app
        .work(move |db| {
            let new = NewToken {
                person,
                name: &name,
                digest: &digest,
                scopes: &scopes,
                expires: Millis::new(now + days * 86_400_000),
            };
            db.put_token(&new, Millis::new(now))?;
            let input = own::Input {
                sessions: db.sessions(person, Millis::new(now))?,
                tokens: db.tokens(person, Millis::new(now))?,
                roles: reader.roles,
                owned: reader.owned.clone(),
                fresh: Some(format!("{TOKEN}{}", secret.expose())),
            };
            Ok(own::Page::new(crate::pages::shell::Shell::of(&reader), input, now).render()?)
        })
        .await?;
    let mut response = answer::html(&request, body);
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    headers.remove(header::ETAG);
    Ok(response)
}

/// Before each token, so that scanners for leaked secrets know it.
const TOKEN: &str = "snowguard_";

/// The token that a program presents, be it one of ours or not; nothing for what cannot be one.
#[must_use]
pub fn presented_token(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    // The scheme is written in any case (RFC 9110, section 11.1).
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ').strip_prefix(TOKEN)?;
    Secret::presented(token).filter(|_| scheme.eq_ignore_ascii_case("Bearer"))
}

async fn revoke_token(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let id = number(id)?;
    let now = Millis::new(app.now());
    let revoked = app
        .work(move |db| Ok(db.revoke_token(person, id, now)?))
        .await?;
    match revoked {
        true => Ok(see("/account")?),
        false => Err(Failure::NotFound("You have no such token.".to_owned()).into()),
    }
}

async fn people_page(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    reader.require(Action::People)?;
    show(app, reader, request, move |view| {
        Ok(people::Page::new(view.shell, view.db.people()?, view.now).render()?)
    })
    .await
}

async fn give_roles(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let by = posted.reader.require(Action::People)?;
    let id = PersonId::new(number(id)?);
    let roles_of = |name| {
        let words = posted.fields.all(name).map(|word| {
            let role = Role::parse(word).filter(|role| people::GIVEN.contains(role));
            role.ok_or_else(|| Failure::BadRequest("There is no such role to give.".to_owned()))
        });
        Ok::<_, Failure>(Roles::new(words.collect::<Result<Vec<_>, _>>()?))
    };
    let (roles, seen) = (roles_of("role")?, roles_of("seen")?);
    if by == id && !roles.has(Role::Administrator) {
        let told = "You would not be an administrator any more. Let somebody else do that.";
        return Err(Failure::BadRequest(told.to_owned()).into());
    }
    let now = Millis::new(app.now());
    app.work(move |db| Ok(db.change_roles(by, (id, seen), roles, now)?))
        .await?;
    Ok(see("/people")?)
}

async fn lock(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let by = posted.reader.require(Action::People)?;
    let id = PersonId::new(number(id)?);
    if by == id {
        return Err(Failure::BadRequest("You would lock yourself out.".to_owned()).into());
    }
    let lock = match posted.fields.get("unlock") {
        "" => Lock::Lock,
        _ => Lock::Unlock,
    };
    let now = Millis::new(app.now());
    app.work(move |db| Ok(db.lock_person(Some(by), id, lock, now)?))
        .await?;
    Ok(see("/people")?)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn after_signing_in_nobody_is_sent_elsewhere() {
        assert_eq!(own_path("/queue?kev=1"), "/queue?kev=1");
        for other in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "evil",
            "",
            "/a\r\nSet-Cookie: x",
        ] {
            assert_eq!(own_path(other), "/", "{other}");
        }
    }
}
