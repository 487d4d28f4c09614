//! Markdown of people as HTML: CommonMark without raw HTML, images, and links to anywhere but the web.

use std::fmt;

use askama::filters::HtmlSafe;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use snowguard_tracker_triage::text;

/// HTML that this module made.
#[derive(Debug, Clone, Default)]
pub struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// The HTML of a text. Raw HTML in it is shown as text; a link that is no web address loses its address.
#[must_use]
pub fn html(markdown: &str) -> Html {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    // Of each link that is open: whether it is kept.
    let mut links = Vec::new();
    let events = Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let kept = text::address(dest_url).is_ok();
            links.push(kept);
            kept.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or(false).then_some(event),
        // Nothing is loaded from elsewhere; the image's text stays.
        Event::Start(Tag::Image { .. } | Tag::HtmlBlock)
        | Event::End(TagEnd::Image | TagEnd::HtmlBlock) => None,
        other => Some(other),
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    Html(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_html_and_html_is_text() {
        let of = |text: &str| html(text).to_string();
        assert_eq!(
            of("a *b* `c`\n\n- d"),
            "<p>a <em>b</em> <code>c</code></p>\n<ul>\n<li>d</li>\n</ul>\n"
        );
        assert_eq!(
            of("[a](https://e.org/x)"),
            "<p><a href=\"https://e.org/x\">a</a></p>\n"
        );
        for hostile in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt:alert(1))",
            "[a](data:text/html,x)",
            "![a](https://e.org/track.png)",
            "<https://a\"onmouseover=alert(1)>",
            "[a](https://e.org/\"><script>)",
            "`<script>`",
            "    <script>",
        ] {
            let html = of(hostile);
            for tag in html.split('<').skip(1) {
                let tag = tag.split_once('>').unwrap().0;
                let plain = ["p", "/p", "a", "/a", "code", "/code", "pre", "/pre"].contains(&tag);
                let link = tag
                    .strip_prefix("a href=\"https://")
                    .and_then(|rest| rest.strip_suffix('"'));
                assert!(
                    plain || link.is_some_and(|rest| !rest.contains('"')),
                    "{hostile}: {html}"
                );
            }
        }
    }
}
