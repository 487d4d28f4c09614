//! Ctrl-C: the first asks to stop after the batch in hand, the second ends at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

/// What a shell reports for a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Sets `stop` when the user or the system asks for an end.
pub fn watch(stop: Arc<AtomicBool>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("watching for Ctrl-C")?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                let (Ok(mut interrupt), Ok(mut terminate)) = (
                    signal(SignalKind::interrupt()),
                    signal(SignalKind::terminate()),
                ) else {
                    tracing::warn!("cannot watch for signals; Ctrl-C ends at once");
                    return;
                };
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    if stop.swap(true, Ordering::Relaxed) {
                        // Whatever is half written is a transaction that never happened.
                        process::exit(INTERRUPTED);
                    }
                    eprintln!("stopping after this batch; once more to stop at once");
                }
            });
        })
        .context("watching for Ctrl-C")?;
    Ok(())
}
