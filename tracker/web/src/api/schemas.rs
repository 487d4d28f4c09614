//! What documents look like, in JSON Schema 2020-12. A test holds real answers to them, to the last member.

use serde_json::{Map, Value, json};

/// All schemas, by name.
#[must_use]
pub fn all() -> Map<String, Value> {
    let lists = [
        status(),
        matching(),
        search(),
        issues(),
        issue(),
        triage(),
        other(),
    ];
    lists.into_iter().flatten().collect()
}

type Named = Vec<(String, Value)>;

/// An object; a member whose name ends in `?` may be absent.
fn object(name: &str, members: &[(&str, Value)]) -> (String, Value) {
    (name.to_owned(), object_of(members))
}

fn object_of(members: &[(&str, Value)]) -> Value {
    let plain = |name: &str| name.trim_end_matches('?').to_owned();
    let required: Vec<&str> = members
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !name.ends_with('?'))
        .collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| (plain(name), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn truth() -> Value {
    json!({ "type": "boolean" })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn version() -> Value {
    json!({ "type": "integer", "const": 1, "description": "Version of the interface." })
}

fn word(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn of(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn by_name(of: Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

/// An object of a form that is described elsewhere.
fn free(about: &str) -> Value {
    json!({ "type": "object", "description": about, "additionalProperties": true })
}

fn verdict() -> Value {
    word(&["affected", "unknown", "fixed", "not_affected"])
}

fn tier() -> Value {
    word(&["high", "medium", "low"])
}

fn status() -> Named {
    vec![
        object(
            "Status",
            &[
                ("version", version()),
                ("counts", by_name(count())),
                ("feeds", list(of("Feed"))),
                ("channels", list(of("Channel"))),
            ],
        ),
        object(
            "Feed",
            &[
                ("feed", text()),
                ("ended_at?", moment()),
                ("outcome", text()),
                ("error?", text()),
            ],
        ),
        object(
            "Channel",
            &[
                ("channel", text()),
                ("revision", text()),
                ("evaluated_at?", moment()),
                ("packages", count()),
                ("matches", by_name(count())),
            ],
        ),
    ]
}

fn matching() -> Named {
    vec![
        object(
            "Advisory",
            &[
                ("version", version()),
                ("id", text()),
                ("score?", number()),
                ("kev?", free("CISA's entry about exploitation")),
                (
                    "epss?",
                    object_of(&[("score", number()), ("percentile", number())]),
                ),
                (
                    "records",
                    list(free(
                        "what one source says, in the form of the project's own model",
                    )),
                ),
                ("matches", list(of("Match"))),
            ],
        ),
        object(
            "Match",
            &[
                ("advisory", text()),
                ("attr", text()),
                ("channel", text()),
                ("package_version?", text()),
                ("verdict", verdict()),
                ("tier", tier()),
                ("fixed_in?", text()),
                ("variant_of?", text()),
                ("reasons", list(of("Reason"))),
            ],
        ),
        object(
            "Reason",
            &[
                ("code", text()),
                ("weight", word(&["tie", "against", "decides", "note"])),
                ("text", text()),
                ("at?", text()),
            ],
        ),
        object(
            "PackagePage",
            &[
                ("version", version()),
                ("attr", text()),
                ("channels", list(of("PackageChannel"))),
                ("channel", text()),
                ("package", free("the package, as its channel has it")),
                ("matches", list(of("Match"))),
                ("next?", text()),
            ],
        ),
        object(
            "PackageChannel",
            &[
                ("channel", text()),
                ("package_version", text()),
                ("revision", text()),
                ("evaluated_at?", moment()),
            ],
        ),
        object(
            "Matches",
            &[
                ("version", version()),
                ("matches", list(of("ListedMatch"))),
                ("next?", text()),
            ],
        ),
        object(
            "ListedMatch",
            &[
                ("advisory", text()),
                ("score?", number()),
                ("exploited", truth()),
                ("attr", text()),
                ("channel", text()),
                ("verdict", verdict()),
                ("tier", tier()),
                ("since?", moment()),
            ],
        ),
    ]
}

fn search() -> Named {
    vec![
        object(
            "Search",
            &[
                ("version", version()),
                ("query", text()),
                ("advisories", list(of("AdvisoryHit"))),
                ("packages", list(of("PackageHit"))),
                ("next?", text()),
            ],
        ),
        object(
            "AdvisoryHit",
            &[
                ("id", text()),
                ("title?", text()),
                ("score?", number()),
                ("exploited", truth()),
            ],
        ),
        object(
            "PackageHit",
            &[
                ("attr", text()),
                (
                    "channels",
                    list(object_of(&[
                        ("channel", text()),
                        ("package_version", text()),
                    ])),
                ),
                ("description?", text()),
            ],
        ),
    ]
}

fn issues() -> Named {
    vec![
        object(
            "Issues",
            &[
                ("version", version()),
                ("issues", list(of("ListedIssue"))),
                ("next?", text()),
            ],
        ),
        object(
            "Changes",
            &[
                ("version", version()),
                ("issues", list(of("ListedIssue"))),
                ("next?", text()),
                ("more", truth()),
            ],
        ),
        object(
            "ListedIssue",
            &[
                ("id", text()),
                ("title", text()),
                ("stage", word(&["published", "resolved", "withdrawn"])),
                ("severity?", word(&["low", "medium", "high", "critical"])),
                ("published", moment()),
                ("modified", moment()),
                ("advisories", list(text())),
                ("packages", list(text())),
                ("channels", list(text())),
            ],
        ),
    ]
}

fn issue() -> Named {
    let range = json!({
        "type": "object",
        "description": "Affected versions in Nix's order: from the first, before or through the last.",
        "properties": { "from": text(), "before": text(), "through": text() },
    });
    vec![
        object(
            "IssuePage",
            &[
                ("version", version()),
                ("issue", of("Issue")),
                (
                    "documents",
                    object_of(
                        &["page", "osv", "csaf", "openvex", "cyclonedx"]
                            .map(|name| (name, json!({ "type": "string", "format": "uri" }))),
                    ),
                ),
            ],
        ),
        object(
            "Issue",
            &[
                ("id", text()),
                ("title", text()),
                ("notes", text()),
                (
                    "severity?",
                    object_of(&[("rating", text()), ("vector?", text())]),
                ),
                ("published", moment()),
                ("modified", moment()),
                (
                    "withdrawn?",
                    object_of(&[("at", moment()), ("reason", text())]),
                ),
                (
                    "revisions?",
                    list(object_of(&[("at", moment()), ("summary", text())])),
                ),
                ("advisories?", list(of("IssueAdvisory"))),
                (
                    "references?",
                    list(object_of(&[("kind", text()), ("url", text())])),
                ),
                (
                    "credits?",
                    list(object_of(&[
                        ("name", text()),
                        ("kind", text()),
                        ("url?", text()),
                    ])),
                ),
                ("packages?", list(of("IssuePackage"))),
            ],
        ),
        object(
            "IssueAdvisory",
            &[
                ("id", text()),
                ("aliases?", list(text())),
                ("title?", text()),
                ("weaknesses?", list(count())),
            ],
        ),
        object(
            "IssuePackage",
            &[
                ("attribute", text()),
                ("name", text()),
                ("cpes?", list(text())),
                ("channels", list(of("IssueChannel"))),
            ],
        ),
        object(
            "IssueChannel",
            &[
                ("channel", text()),
                ("branch", text()),
                ("version?", text()),
                ("evaluated?", text()),
                ("affected_versions?", list(text())),
                ("affected_ranges?", list(range)),
                ("introduced_by?", text()),
                ("fixed_by?", text()),
                ("status", of("IssueStatus")),
            ],
        ),
        object(
            "IssueStatus",
            &[
                (
                    "is",
                    word(&[
                        "affected",
                        "fixed_in_version",
                        "fixed_by_patch",
                        "not_affected",
                        "under_investigation",
                        "wont_fix",
                    ]),
                ),
                ("workaround?", text()),
                ("version?", text()),
                ("patches?", list(text())),
                ("justification?", text()),
                ("statement?", text()),
                ("reason?", text()),
            ],
        ),
    ]
}

fn triage() -> Named {
    vec![
        object(
            "Queue",
            &[
                ("total", count()),
                ("suggestions", list(of("QueueEntry"))),
                ("next", or_null(text())),
            ],
        ),
        object(
            "QueueEntry",
            &[
                ("advisory", text()),
                ("title", text()),
                ("revision", count()),
                ("severity", or_null(number())),
                ("exploited", truth()),
                ("packages", list(text())),
                ("affected", count()),
                ("fixed_in", or_null(text())),
                ("assignee", or_null(text())),
            ],
        ),
        object(
            "Suggestion",
            &[
                ("advisory", text()),
                ("revision", count()),
                ("issue", or_null(text())),
                ("is_affecting", truth()),
                (
                    "state",
                    word(&[
                        "new",
                        "under_review",
                        "accepted",
                        "dismissed",
                        "drafted",
                        "published",
                        "resolved",
                    ]),
                ),
                ("assignee?", count()),
                (
                    "dismissal?",
                    object_of(&[("reason?", text()), ("comment?", text())]),
                ),
                ("proposal?", free("who proposes what")),
                ("edits?", free("what was changed by hand")),
                ("returned?", list(free("what changed since the decision"))),
            ],
        ),
        (
            "Decision".to_owned(),
            json!({
                "type": "object",
                "description": "The fields of the page's form: texts and whole numbers.",
                "properties": {
                    "command": text(),
                    "revision": { "type": "integer", "description": "The revision that was seen." },
                },
                "required": ["command", "revision"],
                "additionalProperties": { "type": ["string", "integer"] },
            }),
        ),
    ]
}

fn other() -> Named {
    vec![
        object("Problem", &[("status", count()), ("error", text())]),
        ("OpenApi".to_owned(), free("a document of OpenAPI 3.1")),
    ]
}
