//! A small database of records made for tests, and a server over it.

use std::net::SocketAddr;

use axum::Router;
use serde_json::{Value, json};
use snowguard_advisory::model::{Epss, Kev, Record};
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Match, Reason, Tier, Verdict, Weight};
use snowguard_tracker_db::{
    AdvisoryMatches, ChannelLoad, Db, FeedKind, Force, IncomingRecord, Location, MatchBatch,
    Millis, RecordBatch, RunId, RunOutcome, StalePolicy,
};
use snowguard_tracker_web::{
    Clock, Config, Doors, Limits, Publisher, Publishing, RateLimits, router, serve_on,
};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The moment at which all tests happen: 2024-11-22T18:26:40Z.
pub const NOW: i64 = 1_732_300_000_000;
const HOUR: i64 = 3_600_000;

/// Text that would do harm if it were not escaped, for every field that holds text.
pub const HOSTILE: &str =
    r#"<script>alert(1)</script>"><img src=x onerror=alert(2)>'`{{7*7}}&lt;b"#;

/// The channels of the sample.
pub const CHANNELS: [&str; 2] = ["nixos-24.11", "nixos-unstable"];

/// Where documents say that they are.
pub const ORIGIN: &str = "https://tracker.example.org";

/// A database and all routes over it.
pub struct Sample {
    pub router: Router,
    pub db: Db,
    config: Config,
    _folder: TempDir,
}

/// A server on a port of its own.
pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Sample {
    pub fn new() -> Self {
        Self::with_doors(Doors::default())
    }

    /// With what is reached outside.
    pub fn with_doors(doors: Doors) -> Self {
        Self::with(
            doors,
            Publishing::default().publisher(ORIGIN).unwrap(),
            None,
        )
    }

    /// With somebody who publishes.
    pub fn published_by(publisher: Publisher) -> Self {
        Self::with(Doors::default(), publisher, None)
    }

    /// With limits of how often one may ask.
    pub fn limited(rates: RateLimits) -> Self {
        let publisher = Publishing::default().publisher(ORIGIN).unwrap();
        Self::with(Doors::default(), publisher, Some(rates))
    }

    fn with(doors: Doors, publisher: Publisher, rates: Option<RateLimits>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("tracker.db"))).unwrap();
        fill(&db);
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = Config {
            clock: Clock::Fixed(NOW),
            doors,
            publisher: Some(publisher),
            rates,
            ..Config::new(listen)
        };
        Self {
            router: router(db.clone(), &config),
            db,
            config,
            _folder: folder,
        }
    }

    /// The same at another time.
    pub fn at(&self, now: i64) -> axum::Router {
        let config = Config {
            clock: Clock::Fixed(now),
            ..self.config.clone()
        };
        router(self.db.clone(), &config)
    }

    /// Serves the sample until [`Server::stop`].
    pub async fn serve(&self, limits: Limits) -> Server {
        let listener = tokio::net::TcpListener::bind(self.config.listen)
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = async move {
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve_on(listener, self.router.clone(), limits, ended));
        Server {
            address,
            stop,
            task,
        }
    }
}

impl Server {
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

fn fill(db: &Db) {
    let run = db
        .begin_run(
            "cvelist:sample",
            FeedKind::CveList,
            Millis::new(NOW - 3 * HOUR),
        )
        .unwrap();
    put(db, run, records(), NOW - 72 * HOUR);
    // The same record again, enriched: its history has a change to show.
    put(db, run, vec![regresshion(true)], NOW - 3 * HOUR);
    let kev = Kev {
        date_added: "2024-07-05".to_owned(),
        due_date: None,
        vendor: "OpenBSD".to_owned(),
        product: "OpenSSH".to_owned(),
        name: format!("Race condition {HOSTILE}"),
        ransomware: true,
    };
    db.put_kev(&[("CVE-2024-6387".to_owned(), kev)]).unwrap();
    let epss = Epss {
        score: 0.627,
        percentile: 0.991,
    };
    db.put_epss("2024-11-21", &[("CVE-2024-6387".to_owned(), epss)])
        .unwrap();
    db.finish_run(run, &RunOutcome::default(), Millis::new(NOW - 3 * HOUR))
        .unwrap();
    let failed = db
        .begin_run(
            "epss:https://epss.example",
            FeedKind::Epss,
            Millis::new(NOW - 50 * HOUR),
        )
        .unwrap();
    let outcome = RunOutcome {
        error: Some(format!("status 503 {HOSTILE}")),
        ..RunOutcome::default()
    };
    db.finish_run(failed, &outcome, Millis::new(NOW - 50 * HOUR))
        .unwrap();

    for (channel, revision, version) in [
        (
            CHANNELS[0],
            "1111111111111111111111111111111111111111",
            "9.6p1",
        ),
        (
            CHANNELS[0],
            "2222222222222222222222222222222222222222",
            "9.7p1",
        ),
        (
            CHANNELS[1],
            "3333333333333333333333333333333333333333",
            "9.9p1",
        ),
    ] {
        let load = ChannelLoad {
            channel,
            revision,
            evaluated_at: Some(Millis::new(NOW - 2 * HOUR)),
            run: None,
            now: Millis::new(NOW - HOUR),
            force: Force::No,
        };
        let mut packages = packages(version).into_iter().map(Ok::<_, std::io::Error>);
        db.load_channel(&load, &mut packages).unwrap();
    }
    let seen = db.dirty_advisories(100).unwrap().seen;
    let batch = MatchBatch {
        now: Millis::new(NOW - HOUR),
        seen,
        advisories: &matches(),
    };
    db.put_matches(&batch).unwrap();
}

fn put(db: &Db, run: RunId, records: Vec<Value>, now: i64) {
    let prepare = |raw: Value| {
        let record: Record = serde_json::from_value(raw.clone()).unwrap();
        let incoming = IncomingRecord {
            record,
            raw: raw.to_string().into_bytes().into(),
            origin: "sample.jsonl#0".to_owned(),
        };
        db.prepare(incoming).unwrap()
    };
    let batch = RecordBatch {
        run,
        cursor: "end",
        now: Millis::new(now),
        policy: StalePolicy::Overwrite,
        records: records.into_iter().map(prepare).collect(),
    };
    db.put_records(&batch).unwrap();
}

fn records() -> Vec<Value> {
    let bitnami = json!({
        "id": "BIT-openssh-2024-6387", "source": "osv", "publisher": "bitnami", "state": "published",
        "aliases": ["CVE-2024-6387"],
        "affected": [{
            "by": "osv", "pointer": "/affected/0", "package_name": "openssh", "ecosystem": "Bitnami",
            "versions": { "semantics": "osv", "versions": ["9.1", "9.2"], "ranges": [{
                "kind": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "9.8.0" }],
            }] },
        }],
    });
    let rejected = json!({
        "id": "CVE-2024-0001", "source": "cve-list", "state": "rejected",
        "rejected": { "reason": "Issued in error.", "replaced_by": ["CVE-2024-6387"] },
    });
    let withdrawn = json!({
        "id": "GHSA-aaaa-bbbb-cccc", "source": "osv", "state": "withdrawn", "title": "Withdrawn later",
    });
    vec![regresshion(false), bitnami, rejected, withdrawn, hostile()]
}

fn regresshion(enriched: bool) -> Value {
    let mut record = json!({
        "id": "CVE-2024-6387", "source": "cve-list", "publisher": "redhat", "state": "published",
        "title": "Openssh: regresshion - race condition in ssh allows rce/dos",
        "description": "A security regression (CVE-2006-5051) was discovered in OpenSSH's server (sshd). \
            There is a race condition which can lead sshd to handle some signals in an unsafe manner. An \
            unauthenticated, remote attacker may be able to trigger it by failing to authenticate within a \
            set time period.",
        "published": 1_719_837_000_000_i64, "modified": 1_731_200_000_000_i64,
        "tags": ["disputed"], "weaknesses": ["CWE-364"],
        "severities": [{ "by": "cna", "version": "3.1", "score": 8.1,
            "vector": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
        "references": [
            { "url": "https://www.qualys.com/2024/07/01/cve-2024-6387/regresshion.txt", "tags": ["exploit"] },
            { "url": "https://access.redhat.com/errata/RHSA-2024:4312", "tags": ["vendor-advisory", "x_refsource"] },
            { "url": "https://github.com/openssh/openssh-portable/commit/81c1099d22b81ebfd20a334ce986c4f753b0db29", "tags": ["patch"] },
        ],
        "affected": [{
            "by": "cna", "pointer": "/containers/cna/affected/0", "vendor": "OpenBSD", "product": "OpenSSH",
            "repo": "https://anongit.mindrot.org/openssh.git", "collection_url": "https://www.openssh.com/",
            "versions": { "semantics": "cve", "default": "unaffected", "entries": [
                { "version": "8.5p1", "status": "affected", "less_than_or_equal": "9.7p1", "version_type": "custom" },
                { "version": "0", "status": "affected", "less_than": "4.4p1", "version_type": "custom",
                  "changes": [{ "at": "4.3p2", "status": "unaffected" }] },
            ] },
        }],
        "configurations": [{
            "by": "nvd", "pointer": "/configurations/0", "operator": "AND", "nodes": [
                { "operator": "OR", "matches": [{ "vulnerable": true, "criteria": cpe("a", "openbsd", "openssh"),
                    "start_including": "8.5", "end_excluding": "9.8" }] },
                { "operator": "OR", "matches": [{ "vulnerable": false, "criteria": cpe("o", "linux", "linux_kernel") }] },
            ],
        }],
    });
    if enriched {
        record["modified"] = json!(1_732_200_000_000_i64);
        record["ssvc"] =
            json!({ "exploitation": "active", "automatable": "no", "technical_impact": "total" });
        record["severities"][0]["score"] = json!(8.1);
        record["credits"] = json!([{ "value": "Qualys Threat Research Unit", "kind": "finder" }]);
    }
    record
}

fn cpe(part: &str, vendor: &str, product: &str) -> Value {
    let name = format!("cpe:2.3:{part}:{vendor}:{product}:*:*:*:*:*:*:*:*");
    serde_json::to_value(snowguard_advisory::cpe::Cpe::parse(&name).unwrap()).unwrap()
}

/// A record whose every text is hostile.
fn hostile() -> Value {
    let h = HOSTILE;
    json!({
        "id": "CVE-2024-66666", "source": "cve-list", "publisher": h, "state": "published",
        "title": h, "description": h.repeat(200), "tags": [h], "weaknesses": [h], "related": [h],
        "severities": [{ "by": h, "version": h, "vector": h, "score": 11.0 }],
        "ssvc": { "exploitation": h, "automatable": h, "technical_impact": h, "timestamp": h },
        "kev_date": h,
        "references": [
            { "url": "javascript:alert(1)", "tags": [h], "name": h },
            { "url": "JavaScript://example.org/%0aalert(1)", "tags": [] },
            { "url": "data:text/html,<script>alert(1)</script>", "tags": [] },
            { "url": format!("https://example.org/{h}"), "tags": [] },
            { "url": "https://example.org/\"><script>alert(1)</script>", "tags": [] },
            { "url": h, "tags": [] },
        ],
        "affected": [{
            "by": h, "pointer": h, "vendor": h, "product": h, "package_name": h, "collection_url": h,
            "ecosystem": h, "repo": "javascript:alert(3)", "modules": [h], "program_files": [h],
            "program_routines": [h], "platforms": [h],
            "purl": { "kind": h, "namespace": h, "name": h, "version": h, "qualifiers": [[h, h]], "subpath": h },
            "versions": { "semantics": "cve", "default": "affected", "entries": [
                { "version": h, "status": "affected", "less_than": h, "version_type": h,
                  "changes": [{ "at": h, "status": "unaffected" }] },
            ] },
        }],
        "configurations": [{ "by": h, "pointer": h, "operator": "OR", "nodes": [{ "operator": "OR", "matches": [
            { "vulnerable": true, "criteria": cpe("a", "x", "y"), "start_including": h, "end_excluding": h },
        ] }] }],
        "workarounds": [h], "solutions": [h],
        "credits": [{ "value": h, "kind": h }], "timeline": [{ "time": h, "value": h }],
    })
}

fn packages(openssh: &str) -> Vec<Package> {
    let package = |attr: &str, version: &str, description: &str| Package {
        attr: attr.to_owned(),
        name: format!("{attr}-{version}"),
        pname: attr.rsplit('.').next().unwrap().to_owned(),
        version: version.to_owned(),
        description: Some(description.to_owned()),
        ..Package::default()
    };
    let ssh = Package {
        homepages: vec!["https://www.openssh.com/".to_owned()],
        position: Some("pkgs/tools/networking/openssh/common.nix:233".to_owned()),
        maintainers: vec!["alice".to_owned(), "bob".to_owned()],
        licenses: vec!["BSD-2-Clause".to_owned()],
        sources: vec![format!(
            "mirror://openbsd/OpenSSH/portable/openssh-{openssh}.tar.gz"
        )],
        patches: vec!["locale_archive.patch".to_owned()],
        known_vulnerabilities: vec!["CVE-2024-6387: please upgrade".to_owned()],
        cpe: Some("cpe:2.3:a:openbsd:openssh:9.7:p1:*:*:*:*:*:*".to_owned()),
        main_program: Some("ssh".to_owned()),
        ..package("openssh", openssh, "Implementation of the SSH protocol")
    };
    let h = HOSTILE.to_owned();
    let odd = Package {
        name: h.clone(),
        homepages: vec!["javascript:alert(1)".to_owned(), h.clone()],
        links: vec![h.clone()],
        position: Some(h.clone()),
        maintainers: vec![h.clone()],
        teams: vec![h.clone()],
        licenses: vec![h.clone()],
        sources: vec![h.clone()],
        patches: vec![h.clone()],
        known_vulnerabilities: vec![h.clone()],
        cpe: Some(h.clone()),
        possible_cpes: vec![h.clone()],
        purls: vec![h.clone()],
        main_program: Some(h.clone()),
        drv_path: Some(h.clone()),
        ..package(ODD_ATTR, &h, &h)
    };
    vec![
        ssh,
        odd,
        package(
            "openssh_hpn",
            openssh,
            "The same with high-performance networking patches",
        ),
        package(
            "python3Packages.openssh-wrapper",
            "0.4",
            "Wrapper around the ssh command",
        ),
        package(
            "hello",
            "2.12.1",
            "A program that prints a friendly greeting",
        ),
    ]
}

/// An attribute path with every character that has a meaning in an address or in HTML.
pub const ODD_ATTR: &str = r#"odd."a/b?c#d%2F&<e>".+@ f"#;

fn matches() -> Vec<AdvisoryMatches> {
    let found = |advisory: &str, attr: &str, verdict, tier| Match {
        advisory: advisory.to_owned(),
        attr: attr.to_owned(),
        verdict,
        tier,
        variant_of: None,
        fixed_in: Some("9.8p1".to_owned()),
        reasons: vec![
            reason(
                "cpe_equal",
                Weight::Tie,
                "The CPE openbsd:openssh is this package’s own.",
                "/configurations/0",
            ),
            reason(
                "range",
                Weight::Decides,
                "9.7p1 is within ≥ 8.5p1, ≤ 9.7p1.",
                "/containers/cna/affected/0",
            ),
        ],
    };
    let odd = Match {
        reasons: vec![Reason {
            code: HOSTILE.to_owned(),
            weight: Weight::Against,
            text: HOSTILE.to_owned(),
            at: Some(HOSTILE.to_owned()),
        }],
        fixed_in: Some(HOSTILE.to_owned()),
        ..found("CVE-2024-66666", ODD_ATTR, Verdict::Affected, Tier::High)
    };
    let ssh = |verdict| {
        vec![
            found("CVE-2024-6387", "openssh", verdict, Tier::High),
            found(
                "CVE-2024-6387",
                "openssh_hpn",
                Verdict::Unknown,
                Tier::Medium,
            ),
            found(
                "CVE-2024-6387",
                "python3Packages.openssh-wrapper",
                Verdict::NotAffected,
                Tier::Low,
            ),
        ]
    };
    let in_channels = |old: Vec<Match>, new: Vec<Match>| {
        vec![(CHANNELS[0].to_owned(), old), (CHANNELS[1].to_owned(), new)]
    };
    vec![
        AdvisoryMatches {
            advisory: "CVE-2024-6387".to_owned(),
            channels: in_channels(ssh(Verdict::Affected), ssh(Verdict::Fixed)),
            keys: Vec::new(),
        },
        AdvisoryMatches {
            advisory: "CVE-2024-66666".to_owned(),
            channels: in_channels(vec![odd.clone()], vec![odd]),
            keys: Vec::new(),
        },
    ]
}

fn reason(code: &str, weight: Weight, text: &str, pointer: &str) -> Reason {
    Reason {
        code: code.to_owned(),
        weight,
        text: text.to_owned(),
        at: Some(format!("CVE-2024-6387#{pointer}")),
    }
}
