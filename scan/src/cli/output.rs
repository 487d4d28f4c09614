//! Standard output: a file, a pipe, or a terminal with a pager.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Where the report goes.
#[derive(Debug)]
pub struct Output {
    is_terminal: bool,
    pager: RefCell<Option<Child>>,
}

impl Output {
    /// Standard output. Text for a terminal goes through `$PAGER`, as git does it; the pager is
    /// started now, since afterwards this process can start no other.
    pub fn open(is_text: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let pager = (is_text && is_terminal).then(start_pager).flatten();
        Self {
            is_terminal,
            pager: RefCell::new(pager),
        }
    }

    /// Whether colours are wanted: at a terminal, unless NO_COLOR is set (<https://no-color.org>).
    pub fn has_colour(&self) -> bool {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.is_terminal && !is_refused
    }

    /// Writes all of it and waits for the pager.
    pub fn write(&self, text: &str) -> Result<()> {
        let mut pager = self.pager.borrow_mut().take();
        let written = match pager.as_mut().and_then(|pager| pager.stdin.take()) {
            Some(mut input) => input.write_all(text.as_bytes()),
            None => std::io::stdout().lock().write_all(text.as_bytes()),
        };
        if let Some(mut pager) = pager {
            pager.wait().context("waiting for the pager")?;
        }
        written.context("writing to standard output")
    }
}

impl Drop for Output {
    /// A scan that failed leaves no pager waiting.
    fn drop(&mut self) {
        if let Some(mut pager) = self.pager.borrow_mut().take() {
            drop(pager.stdin.take());
            // There is nobody left to tell.
            let _ended = pager.wait();
        }
    }
}

fn start_pager() -> Option<Child> {
    let named = std::env::var("SNOWGUARD_PAGER").or_else(|_| std::env::var("PAGER"));
    let pager = named.unwrap_or_else(|_| "less".to_owned());
    let mut words = pager.split_whitespace();
    let program = words.next().filter(|program| *program != "cat")?;
    Command::new(program)
        .args(words)
        // As git does: quit when it fits on one screen, keep colours, leave the screen as it is.
        .env(
            "LESS",
            std::env::var("LESS").unwrap_or_else(|_| "FRX".to_owned()),
        )
        .stdin(Stdio::piped())
        .spawn()
        .ok()
}
