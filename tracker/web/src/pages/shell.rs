//! What is around every page.

use crate::assets;

/// The frame's own values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// Address of the style sheet, which names its content.
    pub style: &'static str,
    /// Address of the icon, which names its content.
    pub icon: &'static str,
    /// What stands in the search box.
    pub query: String,
}

impl Shell {
    /// The frame with an empty search box.
    pub fn new() -> Self {
        Self::searching(String::new())
    }

    /// The frame with a query in the search box.
    pub fn searching(query: String) -> Self {
        Self {
            style: assets::style_path(),
            icon: assets::icon_path(),
            query,
        }
    }
}

impl Default for Shell {
    fn default() -> Self {
        Self::new()
    }
}
