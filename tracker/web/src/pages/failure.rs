//! What a reader sees when a page cannot be shown.

use askama::Template;

use crate::pages::shell::Shell;

/// The page: a status, and what to do next. It never says what went wrong inside.
#[derive(Debug, Template)]
#[template(path = "pages/failure.html")]
pub struct Page {
    shell: Shell,
    status: u16,
    heading: &'static str,
    text: String,
}

impl Page {
    /// A page for a status code.
    pub fn new(status: u16, text: String) -> Self {
        let heading = match status {
            400 => "This request makes no sense here",
            401 => "Sign in",
            403 => "Not allowed",
            404 => "Not found",
            405 => "Not this way",
            409 => "Somebody was faster",
            413 => "Too large",
            408 | 503 => "Too busy at the moment",
            429 => "Too many attempts",
            414 | 431 => "This address is too long",
            _ => "Something went wrong",
        };
        Self {
            shell: Shell::new(),
            status,
            heading,
            text,
        }
    }
}
