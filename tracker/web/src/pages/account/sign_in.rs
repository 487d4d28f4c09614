//! `/sign-in`

use askama::Template;

use crate::pages::shell::Shell;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/account/sign_in.html")]
pub struct Page {
    shell: Shell,
    back: String,
}

impl Page {
    /// Builds it; `back` is where to go afterwards.
    pub fn new(shell: Shell, back: String) -> Self {
        Self { shell, back }
    }
}
