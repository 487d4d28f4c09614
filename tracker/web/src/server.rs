//! The server around the pages: routes, limits, headers, and the end.

mod address;
mod compress;
mod guard;
mod listen;
mod rates;
mod state;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::http::{Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use snowguard_tracker_db::Db;
use tokio::net::TcpListener;

use crate::failure::{self, Failure};
use crate::open::Publisher;
use crate::settings::Doors;
use crate::{account, api, assets, handlers, open, subscriptions, triage};

pub use address::PublicAddress;
pub use guard::{CONTENT_SECURITY_POLICY, Private};
pub use rates::{Peer, PerMinute, RateLimits};
pub use state::{App, Clock, Limits};

/// How to serve.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Limits.
    pub limits: Limits,
    /// What time it is.
    pub clock: Clock,
    /// The address under which browsers reach it.
    pub public: PublicAddress,
    /// What is reached outside.
    pub doors: Doors,
    /// Who publishes the open data; without it there is none.
    pub publisher: Option<Publisher>,
    /// How often programs may ask; without it as often as they like.
    pub rates: Option<RateLimits>,
}

impl Config {
    /// The usual limits and the system's clock.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            limits: Limits::default(),
            clock: Clock::System,
            public: PublicAddress::default(),
            doors: Doors::default(),
            publisher: None,
            rates: None,
        }
    }
}

/// Serves on a listener until the process is asked to end (SIGINT or SIGTERM), then lets running requests
/// finish for a few seconds. Blocks; starts a Tokio runtime of its own.
///
/// Sets the process's panic hook, so that the cause of a panic is logged once, with its place.
///
/// # Errors
/// When the listener or the signals cannot be used.
pub fn serve(db: Db, config: &Config, listener: std::net::TcpListener) -> anyhow::Result<()> {
    guard::log_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the web server's threads")?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener).context("listening")?;
        tracing::info!(address = %listener.local_addr()?, "serving");
        let stop = listen::asked_to_end()?;
        serve_on(listener, router(db, config), config.limits, stop).await
    })
}

/// Serves on a listener that is already bound until `stop` is ready; for tests and measurements.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_on(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    listen::run(listener, router, limits, stop).await
}

/// All routes with everything around them.
pub fn router(db: Db, config: &Config) -> Router {
    let app = Arc::new(App::new(db, config));
    let limited = |routes: Router<Arc<App>>| {
        routes.route_layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            rates::limit,
        ))
    };
    let pages = Router::new()
        .route("/", get(handlers::home))
        .route("/advisory/{id}", get(handlers::advisory))
        .route("/package/{attr}", get(handlers::package))
        .route("/search", get(handlers::search))
        .route("/channels", get(handlers::channels))
        .route("/channel/{name}", get(handlers::channel))
        .route(
            assets::style_path(),
            get(|| asset("text/css; charset=utf-8", assets::STYLE)),
        )
        .route(
            assets::icon_path(),
            get(|| asset("image/svg+xml", assets::ICON)),
        )
        .route("/favicon.ico", get(|| asset("image/svg+xml", assets::ICON)))
        .route(
            "/robots.txt",
            get(|| asset("text/plain", "User-agent: *\nDisallow: /search\n")),
        )
        .route(
            assets::script_path(),
            get(|| asset("text/javascript; charset=utf-8", assets::SCRIPT)),
        )
        .route(
            assets::htmx_path(),
            get(|| asset("text/javascript; charset=utf-8", assets::HTMX)),
        )
        .route("/healthz", get(handlers::health));
    let routes = Router::new()
        .merge(pages)
        .merge(account::handlers::routes())
        .merge(account::github::routes())
        .merge(subscriptions::routes())
        .merge(triage::routes())
        .merge(limited(open::routes()))
        .route("/api", get(api::page))
        .nest("/api/v1", limited(api::routes()))
        .fallback(not_found)
        .method_not_allowed_fallback(no_method);
    guard::around(routes.with_state(app), config.limits)
}

async fn asset(kind: &'static str, content: &'static str) -> impl IntoResponse {
    // The address names the content, so it never has to be asked for again.
    let keep = "public, max-age=31536000, immutable";
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)],
        content,
    )
}

async fn not_found(uri: Uri) -> Response {
    failure::answer(
        uri.path(),
        Failure::NotFound("There is nothing at this address.".to_owned()),
    )
}

async fn no_method(uri: Uri) -> Response {
    failure::answer(uri.path(), Failure::Method)
}
