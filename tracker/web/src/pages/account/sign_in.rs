//! `/sign-in`

use askama::Template;

use crate::pages::shell::Shell;
use crate::show::path;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/account/sign_in.html")]
pub struct Page {
    shell: Shell,
    back: String,
    by_github: bool,
    github: String,
}

impl Page {
    /// Builds it; `back` is where to go afterwards, `by_github` whether GitHub is asked too.
    pub fn new(shell: Shell, back: String, by_github: bool) -> Self {
        Self {
            shell,
            github: format!("/sign-in/github?back={}", path::encode(&back)),
            back,
            by_github,
        }
    }
}
