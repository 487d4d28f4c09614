//! Open data: what is published, that nothing else is, and that files are what addresses give.

use std::collections::BTreeMap;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;
use snowguard_tracker_export::signing::SecretKey;
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_web::{Format, Publisher, Publishing, Wish, write_files};

use crate::http::{ask, get};
use crate::sample::{CHANNELS, HOSTILE, ORIGIN, Sample};
use crate::signed_in::Signed;
use crate::validators;

const ID: &str = "NIXPKGS-2024-0001";

/// Drafts an issue of openssh's advisory.
pub async fn draft(sample: &Sample) -> Signed<'_> {
    let team = Signed::new(sample, "team", &[Role::SecurityTeam]);
    let accept = [("command", "accept"), ("revision", "0")];
    let path = "/advisory/CVE-2024-6387/decide";
    assert_eq!(team.post(path, &accept).await.status, 303);
    let fields = [
        ("title", "OpenSSH runs code before login"),
        ("advisories", "CVE-2024-6387"),
        ("severity", "critical"),
        ("notes", "See <script>alert(1)</script>"),
        ("links", "https://github.com/NixOS/nixpkgs/pull/323753"),
    ];
    assert_eq!(team.post("/issues", &fields).await.status, 303);
    team
}

/// Gives the issue the title "Other".
async fn retitle(team: &Signed<'_>) {
    let edit = [
        ("action", "edit"),
        ("revision", "1"),
        ("title", "Other"),
        ("severity", "low"),
    ];
    assert_eq!(team.post(&format!("/issue/{ID}"), &edit).await.status, 303);
}

/// Publishes it.
pub async fn publish(team: &Signed<'_>) {
    let publish = [("action", "publish"), ("revision", "0")];
    let page = format!("/issue/{ID}");
    assert_eq!(team.post(&page, &publish).await.status, 303);
}

fn documents() -> [String; 6] {
    let lower = ID.to_ascii_lowercase();
    [
        format!("/data/osv/{ID}.json"),
        format!("/data/openvex/{ID}.json"),
        format!("/data/cyclonedx/{ID}.cdx.json"),
        format!("/data/csaf/2024/{lower}.json"),
        format!("/data/csaf/2024/{lower}.json.sha256"),
        format!("/data/csaf/2024/{lower}.json.sha512"),
    ]
}

const WHOLES: [&str; 11] = [
    "osv/all.jsonl",
    "osv/modified_id.csv",
    "openvex/all.json",
    "cyclonedx/all.cdx.json",
    "csaf/index.txt",
    "csaf/changes.csv",
    "csaf/feed-tlp-white.json",
    "csaf/service.json",
    "csaf/provider-metadata.json",
    "everything.jsonl",
    "issues.atom",
];

async fn raw(sample: &Sample, path: &str) -> (u16, Vec<u8>) {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = sample.router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, bytes.to_vec())
}

#[tokio::test]
async fn an_issue_is_open_data_once_it_is_published() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    for path in documents() {
        // Not even for those who see the draft.
        assert_eq!(team.get(&path).await.status, 404, "{path}");
    }
    for path in ["/data/osv/all.jsonl", "/data/everything.jsonl"] {
        let answer = get(&sample.router, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    }
    assert_eq!(
        get(&sample.router, "/data/openvex/all.json").await.status,
        404
    );
    let feed = get(&sample.router, "/data/issues.atom").await;
    assert!(!feed.body.contains("<entry>"), "{}", feed.body);
    publish(&team).await;
    for path in documents() {
        let answer = get(&sample.router, &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let named = answer.body.contains("CVE-2024-6387");
        assert_eq!(named, !path.contains(".sha"), "{path}");
        for name in ["etag", "last-modified", "content-length"] {
            assert!(answer.headers.contains_key(name), "{path} {name}");
        }
    }
    for path in WHOLES {
        let answer = get(&sample.router, &format!("/data/{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        let speaks =
            answer.body.to_uppercase().contains(ID) || answer.body.contains("CVE-2024-6387");
        let of_all = path.ends_with("service.json") || path.ends_with("metadata.json");
        assert_eq!(speaks, !of_all, "{path}: {}", answer.body);
        let tag = answer.headers[header::ETAG].clone();
        let again = Request::get(format!("/data/{path}")).header(header::IF_NONE_MATCH, tag);
        let again = ask(&sample.router, again.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (again.status.as_u16(), again.body.as_str()),
            (304, ""),
            "{path}"
        );
    }
    let well_known = get(&sample.router, "/.well-known/csaf/provider-metadata.json").await;
    let metadata = get(&sample.router, "/data/csaf/provider-metadata.json").await;
    assert_eq!(well_known.body, metadata.body);
    let page = get(&sample.router, "/data").await;
    assert_eq!(page.status, 200);
    for path in WHOLES.into_iter().chain(["osv/all.zip"]) {
        let listed = page.body.contains(&format!("href=\"/data/{path}\""));
        let named = ["csaf/feed", "csaf/service"]
            .iter()
            .any(|start| path.starts_with(start));
        assert!(listed || named, "{path}");
    }
}

#[tokio::test]
async fn a_record_says_what_is_known_of_versions() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    publish(&team).await;
    let record = get(&sample.router, &documents()[0]).await.body;
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["id"], ID);
    assert_eq!(record["upstream"][0], "CVE-2024-6387");
    assert_eq!(record["upstream"][1], "BIT-openssh-2024-6387");
    let own = &record["database_specific"];
    assert_eq!(own["severity"], "CRITICAL");
    assert_eq!(own["cwe_ids"][0], "CWE-364");
    let affected = record["affected"].as_array().unwrap();
    assert!(!affected.is_empty());
    let channel = format!("Nixpkgs:{}", CHANNELS[0]);
    let mine = |one: &&Value| {
        one["package"]["name"] == "openssh" && one["package"]["ecosystem"] == channel.as_str()
    };
    let openssh = affected.iter().find(mine).unwrap();
    assert_eq!(openssh["versions"], serde_json::json!(["9.7p1"]));
    for range in affected
        .iter()
        .filter_map(|one| one["ranges"].as_array())
        .flatten()
    {
        assert_eq!(range["events"].as_array().unwrap().len(), 2, "{range}");
    }
    let links = record["references"].as_array().unwrap().iter();
    let page = format!("{ORIGIN}/issue/{ID}");
    assert!(
        links
            .filter_map(|one| one["url"].as_str())
            .any(|url| url == page)
    );
    assert_eq!(
        get(&sample.router, &format!("/issue/{ID}")).await.status,
        200
    );
}

#[tokio::test]
async fn what_changed_since_comes_alone() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    publish(&team).await;
    let all = get(&sample.router, "/data/osv/all.jsonl").await;
    let cursor = all.headers["snowguard-cursor"].to_str().unwrap().to_owned();
    let since = |cursor: &str| {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("since", cursor)
            .finish();
        format!("/data/osv/all.jsonl?{query}")
    };
    let later = get(&sample.router, &since(&cursor)).await;
    assert_eq!((later.status.as_u16(), later.body.as_str()), (200, ""));
    assert!(!later.headers.contains_key("snowguard-cursor"));
    assert_eq!(
        get(&sample.router, &since("2024-01-01T00:00:00Z"))
            .await
            .body,
        all.body
    );
    // Nothing but the title changes, in the same millisecond by the clock.
    retitle(&team).await;
    let later = get(&sample.router, &since(&cursor)).await;
    assert!(
        later.body.contains("\"summary\":\"Other\""),
        "{}",
        later.body
    );
    for junk in [
        "",
        "yesterday",
        "9",
        "-1",
        "2026-03-02T12:00:00Z/NIXPKGS-2026-0",
        "2026-03-02T12:00:00Z/../x",
        "+999999999999-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-03-02T12:00:00Z\0",
        HOSTILE,
        &"9".repeat(3000),
    ] {
        for path in ["osv/all.zip", "issues.atom", "csaf/changes.csv"] {
            let address = since(junk).replace("osv/all.jsonl", path);
            let answer = get(&sample.router, &address).await;
            assert_eq!(answer.status, 400, "{junk} {path}");
            assert!(!answer.body.contains("<script>alert"), "{junk}");
        }
    }
}

#[tokio::test]
async fn what_is_no_name_of_ours_leads_nowhere() {
    let sample = Sample::new();
    publish(&draft(&sample).await).await;
    for path in [
        "/data/",
        "/data/osv",
        "/data/osv/",
        "/data/osv/..%2f..%2fetc%2fpasswd",
        "/data/osv/..%2f..%2fetc%2fpasswd.json",
        "/data/osv/NIXPKGS-2024-0001",
        "/data/osv/NIXPKGS-2024-00001.json",
        "/data/osv/nixpkgs-2024-0001.json",
        "/data/osv/NIXPKGS-2024-0002.json",
        "/data/osv/%ff.json",
        "/data/openvex/%00.json",
        "/data/cyclonedx/NIXPKGS-2024-0001.json",
        "/data/csaf/2024/NIXPKGS-2024-0001.json",
        "/data/csaf/2023/nixpkgs-2024-0001.json",
        "/data/csaf/..%2f2024/nixpkgs-2024-0001.json",
        "/data/csaf/2024/..%2f..%2fx.json",
        "/data/osv/all.jsonl.minisig",
        "/data/minisign.pub",
        "/data/minisign.pub.minisig",
        "/feed/package/nothing",
        "/feed/maintainer/nobody",
        "/feed/channel/none",
        "/feed/subscription/1/x",
        "/feed/subscription/x/x",
        "/feed/subscription/99999999999999999999/x",
    ] {
        let status = get(&sample.router, path).await.status.as_u16();
        assert_eq!(status, 404, "{path}");
    }
    // A name of somebody else in `Host` stands nowhere in what is published.
    let foreign = Request::get("/data/issues.atom")
        .header(header::HOST, "evil.example")
        .header("x-forwarded-host", "evil.example");
    let answer = ask(&sample.router, foreign.body(Body::empty()).unwrap()).await;
    assert!(answer.body.contains(ORIGIN) && !answer.body.contains("evil.example"));
}

#[tokio::test]
async fn feeds_of_packages_maintainers_channels_and_subscriptions() {
    let sample = Sample::new();
    let team = draft(&sample).await;
    publish(&team).await;
    let entries = |body: &str| body.matches("<entry>").count();
    let channel = format!("/feed/channel/{}", CHANNELS[0]);
    for (path, count) in [
        ("/feed/package/openssh", 1),
        ("/feed/package/hello", 0),
        ("/feed/maintainer/alice", 1),
        (channel.as_str(), 1),
    ] {
        let answer = get(&sample.router, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "application/atom+xml; charset=utf-8"
        );
        assert_eq!(entries(&answer.body), count, "{path}");
        assert!(
            answer.body.contains(&format!("href=\"{ORIGIN}{path}\"")),
            "{}",
            answer.body
        );
        assert!(!answer.body.contains("<script>"));
    }
    let page = get(&sample.router, "/package/openssh").await.body;
    assert!(
        page.contains("type=\"application/atom+xml\"")
            && page.contains("\"/feed/package/openssh\"")
    );
    let mine = [
        ("subject", "package"),
        ("what", "openssh"),
        ("cadence", "daily"),
    ];
    assert_eq!(team.post("/subscriptions", &mine).await.status, 303);
    let address = || async {
        let page = team.get("/subscriptions").await.body;
        let (_, rest) = page.split_once("href=\"/feed/subscription/").unwrap();
        format!("/feed/subscription/{}", rest.split('"').next().unwrap())
    };
    let first = address().await;
    let answer = get(&sample.router, &first).await;
    assert_eq!((answer.status.as_u16(), entries(&answer.body)), (200, 1));
    assert!(
        answer.headers[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .starts_with("private")
    );
    assert_eq!(team.post("/subscriptions/1/feed", &[]).await.status, 303);
    assert_eq!(get(&sample.router, &first).await.status, 404, "revoked");
    let second = address().await;
    assert_ne!(first, second);
    // Other settings leave the address as it is.
    let change = [("cadence", "weekly"), ("severity", "high")];
    assert_eq!(
        team.post("/subscriptions/1/change", &change).await.status,
        303
    );
    assert_eq!(address().await, second);
    let other = Signed::new(&sample, "other", &[Role::User]);
    assert_eq!(
        other.post("/subscriptions/1/feed", &[]).await.status,
        404,
        "not theirs"
    );
    assert_eq!(get(&sample.router, &second).await.status, 200);
    assert_eq!(team.post("/subscriptions/1/remove", &[]).await.status, 303);
    assert_eq!(get(&sample.router, &second).await.status, 404);
}

fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                all.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    all
}

fn publisher() -> Publisher {
    let key = SecretKey::from_seed(*b"snowkey1", &[7; 32]);
    Publisher {
        key: Some(std::sync::Arc::new(key)),
        ..Publishing::default().publisher(ORIGIN).unwrap()
    }
}

#[tokio::test]
async fn files_and_addresses_are_the_same_bytes() {
    let sample = Sample::published_by(publisher());
    let team = draft(&sample).await;
    publish(&team).await;
    let folder = tempfile::tempdir().unwrap();
    let publisher = publisher();
    let wish = |format, since| Wish {
        format,
        since,
        publisher: &publisher,
        progress: &|| {},
    };
    let made = write_files(&sample.db, wish(Format::All, None), folder.path()).unwrap();
    assert_eq!((made.issues, made.unchanged), (1, 0));
    let files = files_below(folder.path());
    let digests = ["SHA256SUMS", "SHA256SUMS.minisig", "SHA256SUMS.sig"];
    assert!(files.len() > 30, "{:?}", files.keys());
    for (name, content) in &files {
        if digests.contains(&name.as_str()) {
            continue;
        }
        let (status, body) = raw(&sample, &format!("/data/{name}")).await;
        assert_eq!(status, 200, "{name}");
        assert!(body == *content, "{name} is another file");
        let told = String::from_utf8_lossy(&files["SHA256SUMS"]).contains(&format!("  {name}\n"));
        assert_eq!(told, !name.ends_with(".minisig"), "{name}");
    }
    for path in documents()
        .iter()
        .map(|path| path.trim_start_matches("/data/"))
        .chain(WHOLES)
    {
        assert!(
            files.contains_key(path) && files.contains_key(&format!("{path}.minisig")),
            "{path}"
        );
    }
    validators::held_to_osv(&files[&format!("osv/{ID}.json")]);
    // The same again writes nothing; after a change, what it touches.
    let again = write_files(&sample.db, wish(Format::All, made.cursor), folder.path()).unwrap();
    assert_eq!(
        (again.issues, again.files, again.cursor),
        (0, 0, made.cursor)
    );
    retitle(&team).await;
    let file = folder.path().join("changed.jsonl");
    let one = write_files(&sample.db, wish(Format::Osv, made.cursor), &file).unwrap();
    assert_eq!(one.issues, 1);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("\"summary\":\"Other\"")
    );
    let later = write_files(&sample.db, wish(Format::Osv, made.cursor), folder.path()).unwrap();
    assert!(later.files >= 4 && later.issues == 1, "{later:?}");
    assert!(
        write_files(
            &sample.db,
            wish(Format::Csaf, None),
            &file.with_file_name("x.json")
        )
        .is_err()
    );
    let left: Vec<_> = files_below(folder.path())
        .into_keys()
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
