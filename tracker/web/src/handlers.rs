//! The pages' handlers: check the request, gather the data, hand it to the page.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use snowguard_tracker_db::Db;

use crate::answer;
use crate::failure::{Failure, PageFailure};
use crate::gather;
use crate::pages::matches::TierFilter;
use crate::pages::{advisory, channels, home, package, search};
use crate::request::{AdvisoryId, Attr, Params};
use crate::server::App;
use crate::show::path;

type Shared = State<Arc<App>>;
type Segment = Result<Path<String>, PathRejection>;
type Asked = Result<Query<Params>, QueryRejection>;
type Answer = Result<Response, PageFailure>;

/// `/`
pub async fn home(State(app): Shared, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    show(app, request, move |db, now| {
        let input = gather::home(db, params.channel.as_deref())?;
        Ok(home::Page::new(input, now).render()?)
    })
    .await
}

/// `/advisory/{id}`
pub async fn advisory(
    State(app): Shared,
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
                    Ok(Ok(advisory::Page::new(*input, tier, now).render()?))
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
    attr: Segment,
    params: Asked,
    request: HeaderMap,
) -> Answer {
    let (attr, params) = (Attr::parse(attr)?, Params::parse(params)?);
    let tier = TierFilter::from_query(params.tier.as_deref());
    show(app, request, move |db, now| {
        let wish = gather::PackageWish {
            attr: &attr,
            channel: params.channel.as_deref(),
            tier,
            cursor: params.cursor.as_deref(),
            limit: package::MATCHES,
        };
        Ok(package::Page::new(gather::package(db, &wish)?, tier, now).render()?)
    })
    .await
}

/// `/search?q=`
pub async fn search(State(app): Shared, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    show(app, request, move |db, _| {
        let query = params.query();
        let found = gather::search(db, &query, 40)?;
        Ok(search::Page::new(query, found).render()?)
    })
    .await
}

/// `/channels`
pub async fn channels(State(app): Shared, request: HeaderMap) -> Answer {
    show(app, request, |db, now| {
        Ok(channels::Page::new(gather::channels(db)?, now).render()?)
    })
    .await
}

/// `/healthz`: whether the database answers.
pub async fn health(State(app): Shared) -> Answer {
    app.work(gather::health).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response())
}

async fn show(
    app: Arc<App>,
    request: HeaderMap,
    make: impl FnOnce(&Db, i64) -> Result<String, Failure> + Send + 'static,
) -> Answer {
    let now = app.now();
    let body = app.work(move |db| make(db, now)).await?;
    Ok(answer::html(&request, body))
}
