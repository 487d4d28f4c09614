//! Feeds: of a package, a maintainer's packages, a channel, a subscription.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use snowguard_tracker_db::{Db, StoredSubscription};
use snowguard_tracker_export::{Moment, atom};
use snowguard_tracker_triage::subscription::{Event, Subject};

use super::document::FEED;
use super::shelf::{Shelf, Short};
use super::{gather, send};
use crate::account::secret::Secret;
use crate::failure::{Failure, PageFailure};
use crate::handlers::Shared;
use crate::request::Attr;
use crate::server::App;
use crate::show::path as addresses;

type Answer = Result<Response, PageFailure>;
type Segment = Result<Path<String>, PathRejection>;
type Segments = Result<Path<(i64, String)>, PathRejection>;

const KIND: &str = "application/atom+xml; charset=utf-8";

/// The routes of feeds.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/feed/package/{attr}", get(package))
        .route("/feed/maintainer/{handle}", get(maintainer))
        .route("/feed/channel/{channel}", get(channel))
        .route("/feed/subscription/{id}/{key}", get(subscription))
}

/// The address of a feed: of a `package`, a `maintainer`, a `channel`.
#[must_use]
pub fn path(kind: &str, name: &str) -> String {
    format!("/feed/{kind}/{}", addresses::encode(name))
}

/// The address of a subscription's feed, which nobody can guess.
///
/// # Errors
/// As [`Secret::derive_from`].
pub fn subscription_path(stored: &StoredSubscription) -> Result<String, Failure> {
    let key = feed_key(stored)?;
    Ok(format!("/feed/subscription/{}/{}", stored.id, key.expose()))
}

fn feed_key(stored: &StoredSubscription) -> Result<Secret, Failure> {
    Secret::derive_from(
        &stored.secret,
        &format!("feed {}", stored.subscription.feed),
    )
}

async fn package(State(app): Shared, attr: Segment, request: HeaderMap) -> Answer {
    let attr = Attr::parse(attr)?.as_str().to_owned();
    let about = About {
        name: format!("package/{attr}"),
        title: format!("Security issues of {attr}"),
        own: path("package", &attr),
        page: Some(format!("/package/{}", addresses::encode(&attr))),
    };
    let document = app.clone().feed(about, move |db, shelf| {
        let found = choose(db, shelf, |short| short.names(&attr))?;
        match !found.is_empty() || is_known(db, &attr)? {
            true => Ok(found),
            false => Err(Failure::NotFound(format!("No channel has {attr}."))),
        }
    });
    finish(&request, document.await?)
}

fn is_known(db: &Db, attr: &str) -> Result<bool, Failure> {
    for channel in db.channels()? {
        if db.package(&channel.name, attr)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn maintainer(State(app): Shared, handle: Segment, request: HeaderMap) -> Answer {
    let handle = Attr::parse(handle)?.as_str().to_owned();
    let about = About {
        name: format!("maintainer/{handle}"),
        title: format!("Security issues of {handle}'s packages"),
        own: path("maintainer", &handle),
        page: None,
    };
    let document = app.clone().feed(about, move |db, shelf| {
        let attrs = db.attributes_owned(&handle)?;
        if attrs.is_empty() {
            return Err(Failure::NotFound(format!("{handle} maintains no package.")));
        }
        choose(db, shelf, |short| {
            short.attrs.iter().any(|attr| attrs.contains(attr))
        })
    });
    finish(&request, document.await?)
}

async fn channel(State(app): Shared, channel: Segment, request: HeaderMap) -> Answer {
    let channel = Attr::parse(channel)?.as_str().to_owned();
    let about = About {
        name: format!("channel/{channel}"),
        title: format!("Security issues in {channel}"),
        own: path("channel", &channel),
        page: Some("/channels".to_owned()),
    };
    let document = app.clone().feed(about, move |db, shelf| {
        if !db.channels()?.iter().any(|known| known.name == channel) {
            return Err(Failure::NotFound(
                "No channel of this name is loaded.".to_owned(),
            ));
        }
        choose(db, shelf, |short| short.is_in(&channel))
    });
    finish(&request, document.await?)
}

/// Whoever knows the address sees what is public; which of it shows what somebody is interested in, so that the
/// address is a secret and the answer is kept by nobody in between.
async fn subscription(State(app): Shared, parts: Segments, request: HeaderMap) -> Answer {
    let missing = || Failure::NotFound("There is no such feed.".to_owned());
    let Path((id, key)) = parts.map_err(|_| missing())?;
    let stored = app
        .work(move |db| {
            let stored = db.subscription(id)?.ok_or_else(missing)?;
            match feed_key(&stored)?.is(&key) {
                true => Ok(stored),
                false => Err(missing()),
            }
        })
        .await?;
    let about = About {
        name: format!("subscription/{id}"),
        title: format!("Security issues: {}", stored.subscription.subject.title()),
        own: subscription_path(&stored)?,
        page: Some("/subscriptions".to_owned()),
    };
    let document = app.clone().feed(about, move |db, shelf| {
        let owned = match &stored.subscription.subject {
            Subject::Maintainer { handle } => db.attributes_owned(handle)?,
            _ => BTreeSet::new(),
        };
        choose(db, shelf, |short| wants(&stored, short, &owned))
    });
    let mut response = finish(&request, document.await?)?;
    let private = HeaderValue::from_static("private, no-cache");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, private);
    response.extensions_mut().insert(crate::server::Private);
    Ok(response)
}

fn wants(stored: &StoredSubscription, short: &Short, owned: &BTreeSet<String>) -> bool {
    let maintainers = match &stored.subscription.subject {
        Subject::Maintainer { handle } if short.attrs.iter().any(|attr| owned.contains(attr)) => {
            vec![handle.clone()]
        }
        _ => Vec::new(),
    };
    let event = Event {
        attrs: &short.attrs,
        maintainers: &maintainers,
        channels: &short.channels,
        severity: short.severity,
        kev: false,
    };
    stored.subscription.wants(&event).is_some()
}

/// What a feed is of.
struct About {
    name: String,
    title: String,
    own: String,
    page: Option<String>,
}

fn choose(
    db: &Db,
    shelf: &Shelf,
    wanted: impl Fn(&Short) -> bool,
) -> Result<Vec<Arc<Short>>, Failure> {
    shelf.newest(db, None, FEED, wanted).map_err(super::inside)
}

impl App {
    /// A feed of the issues that `choose` gives, the last change first.
    async fn feed(
        self: Arc<Self>,
        about: About,
        choose: impl FnOnce(&Db, &Shelf) -> Result<Vec<Arc<Short>>, Failure> + Send + 'static,
    ) -> Result<(Vec<u8>, Moment), Failure> {
        let shelf = self.shelf()?;
        self.work(move |db| {
            let chosen = choose(db, &shelf)?;
            let ids: Vec<_> = chosen.iter().map(|short| short.id).collect();
            let issues = gather::published(&db.public_part(&ids)?).map_err(super::inside)?;
            write(&about, &issues, &shelf).map_err(super::inside)
        })
        .await
    }
}

fn write(
    about: &About,
    issues: &[snowguard_tracker_export::Issue],
    shelf: &Shelf,
) -> anyhow::Result<(Vec<u8>, Moment)> {
    let provider = &shelf.publisher.provider;
    let within = |path: &str| provider.pages.within_encoded(path.trim_start_matches('/'));
    let updated = issues.iter().map(|issue| issue.modified).max();
    let updated = updated.map_or_else(|| Moment::from_millis(0), Ok)?;
    let feed = atom::Feed {
        name: about.name.clone(),
        title: about.title.clone(),
        subtitle: None,
        updated,
        own: within(&about.own)?,
        page: about.page.as_deref().map(within).transpose()?,
    };
    let mut bytes = Vec::new();
    let entries = issues.iter().map(|issue| atom::Entry::of(issue, provider));
    atom::write(&feed, provider, entries, &mut bytes)?;
    Ok((bytes, updated))
}

fn finish(request: &HeaderMap, (bytes, changed): (Vec<u8>, Moment)) -> Answer {
    Ok(send::bytes(request, KIND, bytes, changed))
}
