//! The style sheet, the scripts and the icon: part of the program, addressed by content.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The one style sheet.
pub const STYLE: &str = include_str!("assets/style.css");

/// The icon.
pub const ICON: &str = include_str!("assets/icon.svg");

/// htmx, as npm has it (`cargo xtask vendor`): fetches the queue's next state without leaving the page. 0BSD,
/// assets/htmx.LICENSE.
pub const HTMX: &str = include_str!("assets/htmx.min.js");

/// Our own script: keys for the queue. Every page works without it.
pub const SCRIPT: &str = include_str!("assets/script.js");

/// Address of the script.
pub fn script_path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/static/script.{}.js", short_digest(SCRIPT)));
    &PATH
}

/// Address of htmx.
pub fn htmx_path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/static/htmx.{}.js", short_digest(HTMX)));
    &PATH
}

/// Address of the style sheet; it changes when the content does, so it may be kept for ever.
pub fn style_path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/static/style.{}.css", short_digest(STYLE)));
    &PATH
}

/// Address of the icon.
pub fn icon_path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/static/icon.{}.svg", short_digest(ICON)));
    &PATH
}

fn short_digest(content: &str) -> String {
    Sha256::digest(content)[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::STYLE;

    /// Text on ground, as the style sheet uses them, and the contrast that WCAG 2.2 AA asks for
    /// (1.4.3: text 4.5; 1.4.11: the edge of a control 3).
    const PAIRS: [(&str, &str, f64); 34] = [
        ("ink", "ground", 4.5),
        ("ink", "panel", 4.5),
        ("ink", "sunk", 4.5),
        ("ink", "amber-ground", 4.5),
        ("quiet", "ground", 4.5),
        ("quiet", "panel", 4.5),
        ("quiet", "sunk", 4.5),
        ("quiet", "amber-ground", 4.5),
        ("link", "ground", 4.5),
        ("link", "panel", 4.5),
        ("link", "sunk", 4.5),
        ("link", "amber-ground", 4.5),
        ("on-accent", "accent", 4.5),
        ("red", "ground", 4.5),
        ("red", "panel", 4.5),
        ("red", "sunk", 4.5),
        ("red", "red-ground", 4.5),
        ("red", "amber-ground", 4.5),
        ("orange", "ground", 4.5),
        ("orange", "panel", 4.5),
        ("orange", "sunk", 4.5),
        ("orange", "orange-ground", 4.5),
        ("amber", "ground", 4.5),
        ("amber", "panel", 4.5),
        ("amber", "sunk", 4.5),
        ("amber", "amber-ground", 4.5),
        ("green", "ground", 4.5),
        ("green", "panel", 4.5),
        ("green", "green-ground", 4.5),
        ("green", "amber-ground", 4.5),
        ("blue", "ground", 4.5),
        ("blue", "blue-ground", 4.5),
        ("grey", "grey-ground", 4.5),
        ("edge", "ground", 3.0),
    ];

    fn colour(scheme: &str, name: &str) -> [f64; 3] {
        let at = scheme
            .find(&format!("--{name}: #"))
            .unwrap_or_else(|| panic!("no --{name}"));
        let hex = scheme[at..].split_once('#').unwrap().1;
        [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
    }

    /// Relative luminance, WCAG 2.2.
    fn luminance(colour: [f64; 3]) -> f64 {
        let linear = |c: f64| {
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = colour.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn text_can_be_read_in_both_schemes() {
        let (light, rest) = STYLE
            .split_once("@media (prefers-color-scheme: dark)")
            .unwrap();
        let dark = rest.split_once("\n}").unwrap().0;
        for (scheme_name, scheme) in [("light", light), ("dark", dark)] {
            for (text, ground, least) in PAIRS {
                let mut pair = [
                    luminance(colour(scheme, text)),
                    luminance(colour(scheme, ground)),
                ];
                pair.sort_by(f64::total_cmp);
                let contrast = (pair[1] + 0.05) / (pair[0] + 0.05);
                assert!(
                    contrast >= least,
                    "{scheme_name}: {text} on {ground}: {contrast:.2}"
                );
            }
        }
    }

    #[test]
    fn the_style_sheet_asks_for_nothing_from_elsewhere() {
        for word in ["@import", "url(", "http:", "https:", "expression("] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
