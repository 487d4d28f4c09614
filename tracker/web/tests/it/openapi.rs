//! The OpenAPI document: it is one, it names every address, and real answers are what it says.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Map, Value, json};
use snowguard_tracker_db::{Millis, NewToken};

use crate::http::{Answer, ask, get};
use crate::open::{draft, publish};
use crate::sample::{HOSTILE, NOW, ORIGIN, Sample};
use crate::signed_in::Signed;
use crate::validators;

async fn document(sample: &Sample) -> Value {
    let answer = get(&sample.router, "/api/v1/openapi.json").await;
    assert_eq!(answer.status, 200);
    serde_json::from_str(&answer.body).unwrap()
}

/// Why a value is not what a schema says; every member has to stand in the schema.
fn wrong(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(place) = schema["$ref"].as_str() {
        let target = document.pointer(place.strip_prefix('#').unwrap());
        let target = target.unwrap_or_else(|| panic!("{place} leads nowhere"));
        return wrong(document, target, value, at);
    }
    if let Some(several) = schema["anyOf"].as_array() {
        let any = several
            .iter()
            .any(|one| wrong(document, one, value, at).is_none());
        return (!any).then(|| format!("{at}: none of the alternatives"));
    }
    let is = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        other => panic!("{at}: a type that this test does not know: {other:?}"),
    };
    if !is {
        return Some(format!("{at}: {value} is no {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|words| !words.contains(value))
    {
        return Some(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        return Some(format!("{at}: {value}"));
    }
    if schema["format"] == "date-time"
        && value
            .as_str()?
            .parse::<snowguard_tracker_export::Moment>()
            .is_err()
    {
        return Some(format!("{at}: {value} is no time"));
    }
    if let Some(all) = value.as_array() {
        let all = all.iter().enumerate();
        let mut each = all.filter_map(|(place, one)| {
            wrong(document, &schema["items"], one, &format!("{at}/{place}"))
        });
        return each.next();
    }
    let members = value.as_object()?;
    let none = Map::new();
    let known = schema["properties"].as_object().unwrap_or(&none);
    for name in schema["required"].as_array().into_iter().flatten() {
        if !members.contains_key(name.as_str().unwrap()) {
            return Some(format!("{at}: without {name}"));
        }
    }
    members.iter().find_map(|(name, one)| {
        let place = format!("{at}/{name}");
        match (known.get(name), &schema["additionalProperties"]) {
            (Some(schema), _) => wrong(document, schema, one, &place),
            (None, Value::Bool(true)) => None,
            (None, Value::Null) => Some(format!("{place}: not in the schema")),
            (None, all) => wrong(document, all, one, &place),
        }
    })
}

#[tokio::test]
async fn the_queue_takes_every_filter_that_is_named() {
    let sample = Sample::new();
    let document = document(&sample).await;
    let parameters = document["paths"]["/queue"]["get"]["parameters"].as_array();
    let parameters = parameters.unwrap();
    assert!(parameters.len() > 10);
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap();
        let words = parameter["schema"]["enum"].as_array();
        let values: Vec<&str> = match (name, words) {
            (_, Some(words)) => words.iter().map(|word| word.as_str().unwrap()).collect(),
            ("status", _) => vec!["new,under_review", "all"],
            ("epss", _) => vec!["0.5"],
            ("days", _) => vec!["30"],
            ("channel", _) => vec!["nixos-24.11"],
            ("after", _) => continue,
            _ => vec!["openssh"],
        };
        for value in values {
            let path = format!("/api/v1/queue?{name}={value}");
            let answer = get(&sample.router, &path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        }
        if !matches!(name, "q" | "package" | "maintainer") {
            let path = format!("/api/v1/queue?{name}=%00");
            assert_ne!(get(&sample.router, &path).await.status, 200, "{path}");
        }
    }
}

fn held_to(document: &Value, schema: &str, answer: &Answer, path: &str) {
    let value: Value = serde_json::from_str(&answer.body).unwrap();
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    assert_eq!(
        wrong(document, &schema, &value, path),
        None,
        "{}",
        answer.body
    );
}

/// A token with this scope of a member of the security team.
pub fn token(sample: &Sample, team: &Signed<'_>, scope: &str) -> String {
    let secret = format!("{:0>64}", scope.len());
    let digest = {
        use sha2::Digest as _;
        sha2::Sha256::digest(&secret).into()
    };
    let scopes = [scope];
    let new = NewToken {
        person: team.person,
        name: "test",
        digest: &digest,
        scopes: &scopes,
        expires: Millis::new(NOW + 1_000_000),
    };
    sample.db.put_token(&new, Millis::new(NOW)).unwrap();
    format!("Bearer snowguard_{secret}")
}

#[tokio::test]
async fn the_document_is_openapi_and_has_every_address() {
    let sample = Sample::new();
    let document = document(&sample).await;
    validators::held_to_openapi(document.to_string().as_bytes());
    assert_eq!(document["servers"][0]["url"], "/api/v1");
    let page = get(&sample.router, "/api").await;
    assert_eq!(page.status, 200);
    for (path, verbs) in document["paths"].as_object().unwrap() {
        assert!(page.body.contains(path), "{path} is not on the page");
        for (verb, operation) in verbs.as_object().unwrap() {
            // What stands in the document is there, under this verb and no other.
            let asked = path
                .replace("{id}", "CVE-2024-6387")
                .replace("{attr}", "openssh");
            let address = format!("/api/v1{asked}");
            let other = if verb == "get" { "POST" } else { "GET" };
            let request = Request::builder().method(other).uri(&address);
            let status = ask(&sample.router, request.body(Body::empty()).unwrap())
                .await
                .status;
            assert_eq!(status, 405, "{other} {address}");
            assert!(operation["responses"]["429"].is_object());
        }
    }
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(
            page.body.contains(&format!("id=\"schema-{name}\"")),
            "{name}"
        );
        let used = document
            .to_string()
            .contains(&format!("\"#/components/schemas/{name}\""));
        assert!(used, "{name} is used nowhere");
    }
}

#[tokio::test]
async fn real_answers_are_what_the_document_says() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    publish(&team).await;
    let document = document(&sample).await;
    let read = token(&sample, &team, "read");
    let mut asked = 0;
    for (name, path) in [
        ("status", "/status"),
        ("advisory", "/advisories/CVE-2024-6387"),
        ("advisory", "/advisories/CVE-2024-66666"),
        ("package", "/packages/openssh"),
        ("matches", "/matches?tier=low&limit=2"),
        ("search", "/search?q=openssh"),
        ("issues", "/issues"),
        ("issues", "/issues?limit=1"),
        ("issue", "/issues/NIXPKGS-2024-0001"),
        ("changes", "/changes"),
        ("queue", "/queue"),
        ("suggestion", "/suggestions/CVE-2024-6387"),
        ("openapi", "/openapi.json"),
    ] {
        let operations = document["paths"].as_object().unwrap().values();
        let operation = operations
            .filter_map(|verbs| verbs.get("get"))
            .find(|operation| operation["operationId"] == name)
            .unwrap();
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let schema = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let request = Request::get(format!("/api/v1{path}")).header(header::AUTHORIZATION, &read);
        let answer = ask(&sample.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        held_to(&document, schema, &answer, path);
        asked += 1;
    }
    assert_eq!(asked, 13);
    let decide = Request::post("/api/v1/suggestions/CVE-2024-66666/decide")
        .header(header::AUTHORIZATION, token(&sample, &team, "triage"))
        .body(Body::from(
            r#"{"command":"dismiss","reason":"other_product","revision":0}"#,
        ));
    let decided = ask(&sample.router, decide.unwrap()).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    held_to(&document, "Suggestion", &decided, "decide");
    let problem = get(&sample.router, "/api/v1/issues/NIXPKGS-2024-0002").await;
    assert_eq!(problem.status, 404);
    held_to(&document, "Problem", &problem, "problem");
    // The check can fail.
    let value = json!({ "status": 404, "error": "x", "more": 1 });
    let schema = &document["components"]["schemas"]["Problem"];
    assert!(
        wrong(&document, schema, &value, "")
            .unwrap()
            .contains("/more")
    );
}

#[tokio::test]
async fn issues_are_listed_in_parts_and_by_what_they_speak_of() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    let list = |query: &str| {
        let path = format!("/api/v1/issues{query}");
        let router = sample.router.clone();
        async move {
            let answer = get(&router, &path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            serde_json::from_str::<Value>(&answer.body).unwrap()
        }
    };
    assert_eq!(list("").await["issues"], json!([]), "drafts are not there");
    publish(&team).await;
    let accept = [("command", "accept"), ("revision", "0")];
    assert_eq!(
        team.post("/advisory/CVE-2024-66666/decide", &accept)
            .await
            .status,
        303
    );
    let fields = [("title", HOSTILE), ("advisories", "CVE-2024-66666")];
    assert_eq!(team.post("/issues", &fields).await.status, 303);
    let publish = [("action", "publish"), ("revision", "0")];
    assert_eq!(
        team.post("/issue/NIXPKGS-2024-0002", &publish).await.status,
        303
    );
    let ids = |value: &Value| -> Vec<String> {
        let issues = value["issues"].as_array().unwrap().iter();
        issues
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (first, second) = ("NIXPKGS-2024-0001", "NIXPKGS-2024-0002");
    assert_eq!(ids(&list("").await), [second, first]);
    let one = list("?limit=1").await;
    assert_eq!(ids(&one), [second]);
    let next = format!("?limit=1&cursor={}", one["next"].as_str().unwrap());
    let rest = list(&next).await;
    assert_eq!(ids(&rest), [first]);
    let last = list(&format!("?cursor={}", rest["next"].as_str().unwrap())).await;
    assert_eq!((ids(&last), &last["next"]), (vec![], &Value::Null));
    assert_eq!(ids(&list("?package=openssh").await), [first]);
    assert_eq!(ids(&list("?channel=nixos-24.11").await).len(), 2);
    assert_eq!(ids(&list("?stage=resolved").await), [""; 0]);
    let changes = get(&sample.router, "/api/v1/changes?limit=1").await.body;
    let changes: Value = serde_json::from_str(&changes).unwrap();
    assert_eq!(
        (ids(&changes), &changes["more"]),
        (vec![first.to_owned()], &json!(true))
    );
    let next = changes["next"].as_str().unwrap();
    let changes = get(&sample.router, &format!("/api/v1/changes?since={next}"))
        .await
        .body;
    let changes: Value = serde_json::from_str(&changes).unwrap();
    assert_eq!(
        (ids(&changes), &changes["more"]),
        (vec![second.to_owned()], &json!(false))
    );
    let page = get(&sample.router, "/api/v1/issues/NIXPKGS-2024-0001")
        .await
        .body;
    let page: Value = serde_json::from_str(&page).unwrap();
    for (name, address) in page["documents"].as_object().unwrap() {
        let path = address.as_str().unwrap().strip_prefix(ORIGIN).unwrap();
        assert_eq!(get(&sample.router, path).await.status, 200, "{name}");
    }
    for junk in [
        "/issues?cursor=x",
        "/issues?cursor=2026-01-01T00:00:00Z",
        "/issues?limit=0",
        "/issues?limit=99999999999999999999",
        "/issues?stage=draft",
        "/issues/x",
        "/issues/NIXPKGS-2024-0001%00",
        "/changes?since=junk",
        "/changes?since=99999-01-01T00:00:00Z",
        &format!("/issues?cursor={}", "9".repeat(3000)),
        &format!("/matches?cursor={}", "9".repeat(3000)),
        "/matches?cursor=-1.-1.-1.-1.-1",
    ] {
        let answer = get(&sample.router, &format!("/api/v1{junk}")).await;
        assert_eq!(answer.status, 400, "{junk}: {}", answer.body);
    }
}
