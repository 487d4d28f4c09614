//! Accepting connections, with the limits that axum's own loop does not have.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::rates::Peer;
use super::state::Limits;

/// Bytes of a request's head.
const HEAD: usize = 16 * 1024;

/// Ready when the process is asked to end.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn asked_to_end() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("listening to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening to SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Accepts and serves until `stop`.
///
/// # Errors
/// None at present: a connection that cannot be accepted is logged and tried again.
pub async fn run(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream) = tokio::select! {
            () = &mut stop => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, peer)) => (place, (stream, Peer(peer.ip()))),
                Err(failed) => {
                    // Out of file descriptors, mostly; others will close theirs.
                    tracing::warn!(%failed, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let (stream, peer) = stream;
        let connection = connections.watch(connection(stream, peer, router.clone(), limits));
        tokio::spawn(async move {
            let _place = place;
            if let Err(failed) = connection.await {
                tracing::debug!(%failed, "a connection ended early");
            }
        });
    }
    drop(listener);
    tracing::info!("ending; running requests may finish");
    if tokio::time::timeout(limits.shutdown, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    limits: Limits,
) -> hyper::server::conn::http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::Service<
        hyper::Request<Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send,
    >,
> {
    // An answer is written in one or two small pieces; waiting for more only adds delay.
    if let Err(failed) = stream.set_nodelay(true) {
        tracing::debug!(%failed, "TCP_NODELAY");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service)
}
