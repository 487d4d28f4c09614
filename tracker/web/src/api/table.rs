//! Every address of the interface, as data: the router and the OpenAPI document are both made from it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use super::{issues, openapi, triage};
use crate::server::App;

/// How an address is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Changes something.
    Post,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of the address.
    Path,
    /// Behind the question mark.
    Query,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text of at most so many bytes.
    Text(u32),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number between these.
    Number(u32, u32),
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it may be.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
}

/// An address.
#[derive(Debug)]
pub struct Route {
    /// How it is asked.
    pub verb: Verb,
    /// Below `/api/v1`, with `{name}` for parameters.
    pub path: &'static str,
    /// A name that stays, for programs that are made from the document.
    pub name: &'static str,
    /// What it gives, in a sentence.
    pub summary: &'static str,
    /// The scope that a token needs; nothing where everybody may ask.
    pub scope: Option<&'static str>,
    /// Parameters.
    pub parameters: &'static [&'static Parameter],
    /// The schema of the body.
    pub body: Option<&'static str>,
    /// The schema of the answer.
    pub answer: &'static str,
    /// Statuses other than 200, 400, 429 and 503, which every address may give.
    pub others: &'static [u16],
    /// What answers.
    pub handler: fn() -> MethodRouter<Arc<App>>,
}

macro_rules! parameter {
    ($constant:ident, $name:literal, $place:ident, $kind:expr, $about:literal) => {
        const $constant: Parameter = Parameter {
            name: $name,
            place: Place::$place,
            kind: $kind,
            about: $about,
        };
    };
}

parameter!(
    ADVISORY,
    "id",
    Path,
    Kind::Text(200),
    "Id of an advisory: `CVE-2024-6387`. Another id of the same leads to it with 308."
);
parameter!(
    ATTR,
    "attr",
    Path,
    Kind::Text(500),
    "Attribute path: `python3Packages.requests`."
);
parameter!(
    ISSUE,
    "id",
    Path,
    Kind::Text(40),
    "Id of an issue: `NIXPKGS-2026-0001`."
);
parameter!(
    CHANNEL,
    "channel",
    Query,
    Kind::Text(200),
    "Name of a channel."
);
parameter!(
    PACKAGE,
    "package",
    Query,
    Kind::Text(500),
    "Attribute path."
);
parameter!(
    TIER,
    "tier",
    Query,
    Kind::Word(&["low"]),
    "`low` lists also what only a name ties."
);
parameter!(
    STAGE,
    "stage",
    Query,
    Kind::Word(&["published", "resolved"]),
    "Only issues that have come this far."
);
parameter!(
    CURSOR,
    "cursor",
    Query,
    Kind::Text(400),
    "Where the list goes on: `next` of the answer before."
);
parameter!(
    LIMIT,
    "limit",
    Query,
    Kind::Number(1, 500),
    "Entries of one answer; 100 without it."
);
parameter!(
    SINCE,
    "since",
    Query,
    Kind::Text(64),
    "A time, or `next` of the answer before."
);
parameter!(QUERY, "q", Query, Kind::Text(800), "What to look for.");
parameter!(
    AFTER,
    "after",
    Query,
    Kind::Text(100),
    "Where the list goes on: `next` of the answer before."
);

parameter!(
    STATUS,
    "status",
    Query,
    Kind::Text(200),
    "States with commas, or `all`; what is open without it."
);
parameter!(
    QUEUE_TIER,
    "tier",
    Query,
    Kind::Word(&["high", "medium", "low"]),
    "How sure a match has to be; `medium` without it."
);
parameter!(
    SEVERITY,
    "severity",
    Query,
    Kind::Word(&["low", "medium", "high", "critical"]),
    "From this CVSS rating up."
);
parameter!(
    EPSS,
    "epss",
    Query,
    Kind::Text(10),
    "From this probability of exploitation up: `0.5`."
);
parameter!(
    KEV,
    "kev",
    Query,
    Kind::Word(&["1"]),
    "Only what is known to be exploited."
);
parameter!(
    MAINTAINER,
    "maintainer",
    Query,
    Kind::Text(100),
    "Handle of a maintainer, or `team:` and a team's name."
);
parameter!(
    DAYS,
    "days",
    Query,
    Kind::Text(10),
    "Only what was first seen within so many days."
);
parameter!(WORDS, "q", Query, Kind::Text(800), "Words.");
parameter!(
    RETURNED,
    "returned",
    Query,
    Kind::Word(&["1"]),
    "Only what came back because it changed."
);
parameter!(
    PROPOSED,
    "proposed",
    Query,
    Kind::Word(&["1"]),
    "Only what a maintainer proposes a decision for."
);
parameter!(
    MINE,
    "mine",
    Query,
    Kind::Word(&["1"]),
    "Only what the token's owner looks at."
);
parameter!(
    SORT,
    "sort",
    Query,
    Kind::Word(&["urgency", "newest", "oldest", "epss", "severity"]),
    "In which order; `urgency` without it."
);

/// All addresses.
pub const ROUTES: [Route; 12] = [
    Route {
        verb: Verb::Get,
        path: "/status",
        name: "status",
        summary: "What is loaded, and how the last runs of the feeds went.",
        scope: None,
        parameters: &[],
        body: None,
        answer: "Status",
        others: &[],
        handler: || get(super::status),
    },
    Route {
        verb: Verb::Get,
        path: "/advisories/{id}",
        name: "advisory",
        summary: "An advisory: what each source says, and which packages it matches and why.",
        scope: None,
        parameters: &[&ADVISORY],
        body: None,
        answer: "Advisory",
        others: &[308, 404],
        handler: || get(super::advisory),
    },
    Route {
        verb: Verb::Get,
        path: "/packages/{attr}",
        name: "package",
        summary: "A package in its channels, and the advisories that match it in one of them.",
        scope: None,
        parameters: &[&ATTR, &CHANNEL, &CURSOR, &LIMIT],
        body: None,
        answer: "PackagePage",
        others: &[404],
        handler: || get(super::package),
    },
    Route {
        verb: Verb::Get,
        path: "/matches",
        name: "matches",
        summary: "All matches, without their reasons.",
        scope: None,
        parameters: &[&CHANNEL, &TIER, &CURSOR, &LIMIT],
        body: None,
        answer: "Matches",
        others: &[404],
        handler: || get(super::matches),
    },
    Route {
        verb: Verb::Get,
        path: "/search",
        name: "search",
        summary: "The advisories and packages that fit, the best first, up to 5,000 of each; a part of both at once.",
        scope: None,
        parameters: &[&QUERY, &CURSOR, &LIMIT],
        body: None,
        answer: "Search",
        others: &[],
        handler: || get(super::search),
    },
    Route {
        verb: Verb::Get,
        path: "/issues",
        name: "issues",
        summary: "Published issues, the last change first.",
        scope: None,
        parameters: &[&STAGE, &PACKAGE, &CHANNEL, &CURSOR, &LIMIT],
        body: None,
        answer: "Issues",
        others: &[404],
        handler: || get(issues::list),
    },
    Route {
        verb: Verb::Get,
        path: "/issues/{id}",
        name: "issue",
        summary: "A published issue, whole, and where it stands in other formats.",
        scope: None,
        parameters: &[&ISSUE],
        body: None,
        answer: "IssuePage",
        others: &[404],
        handler: || get(issues::one),
    },
    Route {
        verb: Verb::Get,
        path: "/changes",
        name: "changes",
        summary: "Published issues in the order in which they changed, from a moment on.",
        scope: None,
        parameters: &[&SINCE, &LIMIT],
        body: None,
        answer: "Changes",
        others: &[],
        handler: || get(issues::changes),
    },
    Route {
        verb: Verb::Get,
        path: "/queue",
        name: "queue",
        summary: "The queue of suggestions, with the filters of its page.",
        scope: Some("read"),
        parameters: &[
            &STATUS,
            &QUEUE_TIER,
            &SEVERITY,
            &EPSS,
            &KEV,
            &CHANNEL,
            &PACKAGE,
            &MAINTAINER,
            &DAYS,
            &WORDS,
            &RETURNED,
            &PROPOSED,
            &MINE,
            &SORT,
            &AFTER,
        ],
        body: None,
        answer: "Queue",
        others: &[401, 403],
        handler: || get(triage::queue),
    },
    Route {
        verb: Verb::Get,
        path: "/suggestions/{id}",
        name: "suggestion",
        summary: "What people made of an advisory.",
        scope: None,
        parameters: &[&ADVISORY],
        body: None,
        answer: "Suggestion",
        others: &[404],
        handler: || get(triage::suggestion),
    },
    Route {
        verb: Verb::Post,
        path: "/suggestions/{id}/decide",
        name: "decide",
        summary: "Decides about a suggestion, on the revision that was seen.",
        scope: Some("triage"),
        parameters: &[&ADVISORY],
        body: Some("Decision"),
        answer: "Suggestion",
        others: &[401, 403, 404, 409],
        handler: || post(triage::decide),
    },
    Route {
        verb: Verb::Get,
        path: "/openapi.json",
        name: "openapi",
        summary: "This document.",
        scope: None,
        parameters: &[],
        body: None,
        answer: "OpenApi",
        others: &[],
        handler: || get(openapi::serve),
    },
];

/// The router over all of them.
pub fn router() -> Router<Arc<App>> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.path, (route.handler)())
    })
}
