//! Subscriptions and notifications.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use snowguard_tracker_db::{Db, Millis, NewJob, StoredSubscription};
use snowguard_tracker_deliver::mail::Address;
use snowguard_tracker_deliver::webhook::{Rules, SigningSecret, WebhookUrl};
use snowguard_tracker_triage::issue::Severity;
use snowguard_tracker_triage::role::Action;
use snowguard_tracker_triage::subscription::{Cadence, Subject, Subscription};

use crate::account::posted::{Fields, Posted};
use crate::account::reader::Reader;
use crate::account::secret::Secret;
use crate::failure::Failure;
use crate::handlers::{Answer, Segment, Shared, show};
use crate::pages::subscriptions::{Confirm, News, Page, Unsubscribe};
use crate::request::number;
use crate::server::App;
use crate::triage::see;

/// Notifications of a page.
const LIMIT: usize = 100;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/subscriptions", get(page).post(make))
        .route("/subscriptions/{id}/change", post(change))
        .route("/subscriptions/{id}/remove", post(remove))
        .route("/subscriptions/{id}/feed", post(new_feed))
        .route("/notifications", get(news))
        .route("/notifications/read", post(read))
        .route("/account/mail", post(set_mail))
        .route("/account/mail/confirm", get(confirm_page).post(confirm))
        .route(
            "/unsubscribe/{id}/{key}",
            get(unsubscribe_page).post(unsubscribe),
        )
}

async fn page(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    let person = reader.require(Action::OwnAccount)?;
    let has_mail = app.doors().mail;
    show(app, reader, request, move |view| {
        let stored = view.db.subscriptions(person)?;
        let channels = view
            .db
            .channels()?
            .into_iter()
            .map(|channel| channel.name)
            .collect();
        let person = view.reader.person.clone();
        Ok(Page::new(view.shell, stored, channels, person, has_mail)?.render()?)
    })
    .await
}

async fn make(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let subscription = subscription(&posted.fields, &app.doors().hooks)?;
    let secret = SigningSecret::random().map_err(|failed| Failure::Inside(failed.into()))?;
    let now = Millis::new(app.now());
    app.work(move |db| {
        Ok(db.put_subscription(person, &subscription, secret.expose().as_bytes(), now)?)
    })
    .await?;
    Ok(see("/subscriptions")?)
}

async fn change(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let id = number(id)?;
    let rules = rules(&posted.fields, &app.doors().hooks)?;
    let changed = app
        .work(move |db| {
            Ok(db.change_subscription(person, id, |now| Subscription {
                // What is subscribed to stays; a list is not sent again with each change.
                subject: now.subject,
                feed: now.feed,
                ..rules
            })?)
        })
        .await?;
    mine(changed)
}

/// Gives the feed of a subscription another address; the old one leads nowhere from then on.
async fn new_feed(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let id = number(id)?;
    let changed = app
        .work(move |db| {
            Ok(db.change_subscription(person, id, |now| Subscription {
                feed: now.feed.wrapping_add(1),
                ..now
            })?)
        })
        .await?;
    mine(changed)
}

async fn remove(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let id = number(id)?;
    let now = Millis::new(app.now());
    let removed = app
        .work(move |db| Ok(db.remove_subscription(person, id, now)?))
        .await?;
    mine(removed)
}

fn mine(found: bool) -> Answer {
    match found {
        true => Ok(see("/subscriptions")?),
        false => Err(Failure::NotFound("You have no such subscription.".to_owned()).into()),
    }
}

/// Where a list goes on.
#[derive(Debug, Deserialize)]
struct Part {
    before: Option<i64>,
}

async fn news(
    State(app): Shared,
    reader: Reader,
    part: Result<Query<Part>, axum::extract::rejection::QueryRejection>,
    request: HeaderMap,
) -> Answer {
    let person = reader.require(Action::OwnAccount)?;
    let Ok(Query(part)) = part else {
        return Err(Failure::BadRequest("This is not a place in the list.".to_owned()).into());
    };
    show(app, reader, request, move |view| {
        let all = view.db.notifications(person, part.before, LIMIT)?;
        Ok(News::new(view.shell, all, LIMIT, view.now).render()?)
    })
    .await
}

async fn read(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let up_to = posted.fields.number("up_to")?;
    let now = Millis::new(app.now());
    app.work(move |db| Ok(db.mark_read(person, up_to, now)?))
        .await?;
    Ok(see("/notifications")?)
}

async fn set_mail(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let text = posted.fields.get("mail").trim().to_owned();
    let mail = match text.as_str() {
        "" => None,
        text => Some(
            Address::new(text)
                .map_err(|_| Failure::BadRequest("This is not a mail address.".to_owned()))?,
        ),
    };
    if mail.is_some() && !app.doors().mail {
        return Err(Failure::BadRequest("This tracker sends no mail.".to_owned()).into());
    }
    // Nobody knows this key: the worker makes one, and mails it.
    let unknown = Secret::new()?.digest();
    let guarded = format!("mail:{}", person.get());
    let now = Millis::new(app.now());
    app.work(move |db| {
        // Each address is a mail to somebody: like guessing, that gets slow.
        if db.attempts(&guarded)?.next().is_some_and(|next| next > now) {
            return Err(Failure::TooMany(
                "You changed your address often. Wait a while.".to_owned(),
            ));
        }
        db.note_failure(&guarded, now)?;
        db.set_mail(person, mail.as_ref().map(Address::as_str), &unknown)?;
        if let Some(mail) = mail {
            let job = NewJob {
                kind: "confirm",
                name: &person.get().to_string(),
                body: &json!({ "mail": mail.as_str() }),
                due: now,
            };
            db.put_job(&job)?;
        }
        Ok(())
    })
    .await?;
    Ok(see("/subscriptions")?)
}

#[derive(Debug, Deserialize)]
struct Key {
    key: String,
}

async fn confirm_page(
    State(app): Shared,
    reader: Reader,
    key: Result<Query<Key>, axum::extract::rejection::QueryRejection>,
    request: HeaderMap,
) -> Answer {
    reader.require(Action::OwnAccount)?;
    let Ok(Query(Key { key })) = key else {
        return Err(Failure::BadRequest("This link is not whole.".to_owned()).into());
    };
    show(app, reader, request, move |view| {
        Ok(Confirm::new(view.shell, key).render()?)
    })
    .await
}

async fn confirm(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let key = Secret::presented(posted.fields.get("key"));
    let confirmed = match key {
        Some(key) => {
            app.work(move |db| Ok(db.confirm_mail(person, &key.digest())?))
                .await?
        }
        None => false,
    };
    match confirmed {
        true => Ok(see("/subscriptions")?),
        false => Err(Failure::BadRequest(
            "This link confirms nothing any more. Give the address again.".to_owned(),
        )
        .into()),
    }
}

/// The path that ends the mails of a subscription, and can do nothing else.
///
/// # Errors
/// As [`Secret::derive_from`].
pub fn unsubscribe_path(stored: &StoredSubscription) -> Result<String, Failure> {
    let key = unsubscribe_key(stored)?;
    Ok(format!("/unsubscribe/{}/{}", stored.id, key.expose()))
}

fn unsubscribe_key(stored: &StoredSubscription) -> Result<Secret, Failure> {
    Secret::derive_from(&stored.secret, "unsubscribe")
}

/// The subscription of a number, provided that the key is its own.
fn keyed(db: &Db, id: i64, key: &str) -> Result<StoredSubscription, Failure> {
    let missing = || Failure::NotFound("There is no such subscription.".to_owned());
    let stored = db.subscription(id)?.ok_or_else(missing)?;
    match unsubscribe_key(&stored)?.is(key) {
        true => Ok(stored),
        false => Err(missing()),
    }
}

async fn unsubscribe_page(
    State(app): Shared,
    parts: Result<Path<(i64, String)>, axum::extract::rejection::PathRejection>,
    reader: Reader,
    request: HeaderMap,
) -> Answer {
    let (id, key) = parts
        .map_err(|_| Failure::NotFound("There is no such subscription.".to_owned()))?
        .0;
    show(app, reader, request, move |view| {
        let stored = keyed(view.db, id, &key)?;
        let path = unsubscribe_path(&stored)?;
        Ok(Unsubscribe::new(view.shell, stored.subscription.subject.title(), path).render()?)
    })
    .await
}

/// Mail programs post here without a session (RFC 8058): the key in the address is what allows it.
async fn unsubscribe(
    State(app): Shared,
    parts: Result<Path<(i64, String)>, axum::extract::rejection::PathRejection>,
) -> Answer {
    let (id, key) = parts
        .map_err(|_| Failure::NotFound("There is no such subscription.".to_owned()))?
        .0;
    app.work(move |db| {
        let stored = keyed(db, id, &key)?;
        Ok(db.change_subscription(stored.person, id, |now| Subscription { mail: false, ..now })?)
    })
    .await?;
    let told: Response = "You get no more mail of this subscription.\n".into_response();
    Ok(told)
}

fn subscription(fields: &Fields, hooks: &Rules) -> Result<Subscription, Failure> {
    let (kind, list, file) = (
        fields.get("subject"),
        fields.get("list"),
        fields.get("file"),
    );
    if kind != "list" && !file.is_empty() {
        let wrong = "A file is for a subscription to a list of packages.";
        return Err(Failure::BadRequest(wrong.to_owned()));
    }
    // What was pasted and what is in the file are one list.
    let subject = Subject::new(kind, fields.get("what").trim(), &format!("{list}\n{file}"))?;
    Ok(Subscription {
        subject,
        ..rules(fields, hooks)?
    })
}

/// All of a subscription but what it is to.
fn rules(fields: &Fields, hooks: &Rules) -> Result<Subscription, Failure> {
    let unknown = |what: &str| Failure::BadRequest(format!("There is no such {what}."));
    let severity = match fields.get("severity") {
        "" => None,
        word => Some(Severity::parse(word).ok_or_else(|| unknown("severity"))?),
    };
    let hook = match fields.get("hook").trim() {
        "" => None,
        text => {
            let refused =
                |why| Failure::BadRequest(format!("This web hook is not allowed: {why}."));
            Some(
                WebhookUrl::new(text, hooks)
                    .map_err(refused)?
                    .expose()
                    .to_owned(),
            )
        }
    };
    Ok(Subscription {
        subject: Subject::Everything,
        severity,
        kev_at_once: !fields.get("kev_at_once").is_empty(),
        cadence: Cadence::parse(fields.get("cadence")).ok_or_else(|| unknown("cadence"))?,
        mail: !fields.get("mail").is_empty(),
        hook,
        muted: !fields.get("muted").is_empty(),
        feed: 0,
    })
}
