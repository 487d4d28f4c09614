//! `/data`: what there is, and where.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;

use super::target::{ROOT, Whole};
use crate::account::reader::Reader;
use crate::handlers::{Answer, Shared, show as show_page};
use crate::pages::shell::Shell;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/data.html")]
struct Page {
    shell: Shell,
    issues: u64,
    rows: [Row; 6],
    key: Option<String>,
    channels: Vec<(String, String)>,
    example: &'static str,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    what: &'static str,
    /// Name and address of documents about everything.
    wholes: Vec<(&'static str, String)>,
    /// The address of a document about one issue.
    one: Option<String>,
}

impl Row {
    fn new(name: &'static str, what: &'static str, wholes: &[Whole], one: Option<&str>) -> Self {
        let named = |whole: &Whole| {
            let path = whole.path();
            let name = path.rsplit('/').next().unwrap_or(path);
            (name, format!("{ROOT}/{path}"))
        };
        Self {
            name,
            what,
            wholes: wholes.iter().map(named).collect(),
            one: one.map(|path| format!("{ROOT}/{path}")),
        }
    }
}

fn rows() -> [Row; 6] {
    use super::target::CsafFile::{Changes, Index, Metadata};
    [
        Row::new(
            "OSV",
            "A record for each issue, in the ecosystem Nixpkgs:CHANNEL.",
            &[Whole::OsvLines, Whole::OsvZip, Whole::OsvModified],
            Some("osv/ID.json"),
        ),
        Row::new(
            "CSAF 2.0 VEX",
            "A provider's folder, with digests beside each document.",
            &[
                Whole::Csaf(Metadata),
                Whole::Csaf(Index),
                Whole::Csaf(Changes),
            ],
            Some("csaf/YEAR/id.json"),
        ),
        Row::new(
            "OpenVEX",
            "Statements about packages of channels.",
            &[Whole::OpenVex],
            Some("openvex/ID.json"),
        ),
        Row::new(
            "CycloneDX 1.6 VEX",
            "Vulnerabilities with their analysis.",
            &[Whole::CycloneDx],
            Some("cyclonedx/ID.cdx.json"),
        ),
        Row::new(
            "JSON lines",
            "Everything public in the tracker's own form.",
            &[Whole::Lines],
            None,
        ),
        Row::new(
            "Atom",
            "The issues that changed last.",
            &[Whole::Atom],
            None,
        ),
    ]
}

/// The page.
pub async fn show(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    let shelf = app.shelf()?;
    show_page(app, reader, request, move |view| {
        let channels = view.db.channels()?.into_iter().map(|channel| {
            let path = super::feed_path("channel", &channel.name);
            (channel.name, path)
        });
        let key = shelf.publisher.key.as_deref();
        let page = Page {
            issues: view.db.public_stamp()?.issues,
            rows: rows(),
            key: key.map(|key| key.public().to_base64()),
            channels: channels.collect(),
            example: "2026-03-02T12:00:00Z",
            shell: view.shell,
        };
        Ok(page.render()?)
    })
    .await
}
