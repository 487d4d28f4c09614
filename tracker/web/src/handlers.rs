//! The pages' handlers: check the request, gather the data, hand it to the page.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use snowguard_tracker_db::Db;

use crate::account::reader::Reader;
use crate::answer;
use crate::failure::{Failure, PageFailure};
use crate::gather;
use crate::pages::matches::TierFilter;
use crate::pages::shell::Shell;
use crate::pages::{advisory, channel, channels, home, package, search};
use crate::request::{AdvisoryId, Attr, Params};
use crate::server::App;
use crate::show::path;
use crate::triage;

/// The state that handlers share.
pub type Shared = State<Arc<App>>;
/// One segment of an address.
pub type Segment = Result<Path<String>, PathRejection>;
type Asked = Result<Query<Params>, QueryRejection>;
/// What a page's handler gives.
pub type Answer = Result<Response, PageFailure>;

/// `/`
pub async fn home(State(app): Shared, reader: Reader, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    show(app, reader, request, move |view| {
        let input = gather::home(view.db, params.channel.as_deref())?;
        Ok(home::Page::new(view.shell, input, view.now).render()?)
    })
    .await
}

/// `/advisory/{id}`
pub async fn advisory(
    State(app): Shared,
    reader: Reader,
    id: Segment,
    params: Asked,
    uri: Uri,
    request: HeaderMap,
) -> Answer {
    let (id, params) = (AdvisoryId::parse(id)?, Params::parse(params)?);
    let tier = TierFilter::from_query(params.tier.as_deref());
    let from = params.place()?;
    let now = app.now();
    let body = app
        .work(move |db| {
            let from = params.channel.as_deref().zip(from);
            let part = gather::Part::Page { tier, from };
            match gather::advisory(db, &id, part)? {
                gather::Advised::Elsewhere(id) => Ok(Err(path::advisory(&id))),
                gather::Advised::Here(input) => {
                    let shell = Shell::of(&reader);
                    let panel = triage::panel(db, &reader, &input, now)?;
                    Ok(Ok(
                        advisory::Page::new(shell, *input, tier, panel, now).render()?
                    ))
                }
            }
        })
        .await?;
    Ok(match body {
        Ok(body) => answer::html(&request, body),
        Err(path) => {
            let query = uri
                .query()
                .map(|query| format!("?{query}"))
                .unwrap_or_default();
            Redirect::permanent(&format!("{path}{query}")).into_response()
        }
    })
}

/// `/package/{attr}`
pub async fn package(
    State(app): Shared,
    reader: Reader,
    attr: Segment,
    params: Asked,
    request: HeaderMap,
) -> Answer {
    let (attr, params) = (Attr::parse(attr)?, Params::parse(params)?);
    let tier = TierFilter::from_query(params.tier.as_deref());
    show(app, reader, request, move |view| {
        let wish = gather::PackageWish {
            attr: &attr,
            channel: params.channel.as_deref(),
            tier,
            cursor: params.cursor.as_deref(),
            limit: package::MATCHES,
        };
        Ok(
            package::Page::new(view.shell, gather::package(view.db, &wish)?, tier, view.now)
                .render()?,
        )
    })
    .await
}

/// `/search?q=`
pub async fn search(
    State(app): Shared,
    reader: Reader,
    params: Asked,
    request: HeaderMap,
) -> Answer {
    let params = Params::parse(params)?;
    show(app, reader, request, move |view| {
        let query = params.query();
        let found = gather::search(view.db, &query, params.place()?.unwrap_or(0), 40)?;
        Ok(search::Page::new(view.shell, query, found).render()?)
    })
    .await
}

/// `/channels`
pub async fn channels(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    show(app, reader, request, |view| {
        Ok(channels::Page::new(view.shell, gather::channels(view.db)?, view.now).render()?)
    })
    .await
}

/// `/channel/{name}`
pub async fn channel(
    State(app): Shared,
    reader: Reader,
    name: Segment,
    request: HeaderMap,
) -> Answer {
    let name = Attr::parse(name)?;
    show(app, reader, request, move |view| {
        let input = gather::channel(view.db, name.as_str(), view.now)?;
        Ok(channel::Page::new(view.shell, input, view.now).render()?)
    })
    .await
}

/// `/healthz`: whether the database answers.
pub async fn health(State(app): Shared) -> Answer {
    app.work(gather::health).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response())
}

/// What a page is made with.
pub struct View<'a> {
    /// The database.
    pub db: &'a Db,
    /// The frame.
    pub shell: Shell,
    /// Who reads.
    pub reader: &'a Reader,
    /// Now.
    pub now: i64,
}

/// Makes a page on a blocking thread.
///
/// # Errors
/// What `make` fails with, and when the server is too busy.
pub async fn show(
    app: Arc<App>,
    reader: Reader,
    request: HeaderMap,
    make: impl FnOnce(View<'_>) -> Result<String, Failure> + Send + 'static,
) -> Answer {
    let now = app.now();
    let body = app
        .work(move |db| {
            let shell = Shell::of(&reader);
            make(View {
                db,
                shell,
                reader: &reader,
                now,
            })
        })
        .await?;
    Ok(answer::html(&request, body))
}
