//! Matching again only what changed gives exactly what matching everything gives.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Match, Tier, Verdict};
use snowguard_tracker_db::{
    AliasFact, ChannelLoad, Db, FeedKind, Force, IncomingRecord, Location, Millis, PersonId,
    RecordBatch, Retire, RuleEffect, StalePolicy, StoredRule,
};
use snowguard_tracker_ingest::rematch::{self, Options};
use snowguard_tracker_triage::rule::Rule;

const NAMES: [&str; 5] = ["openssl", "hdf5", "argo-cd", "git", "fluent-bit"];
const VENDORS: [&str; 4] = ["openssl", "hdfgroup", "argoproj", "git_project"];
const REPOSITORIES: [&str; 4] = [
    "https://github.com/openssl/openssl",
    "https://github.com/HDFGroup/hdf5",
    "https://github.com/argoproj/argo-cd",
    "https://github.com/git/git",
];

/// What happens to the tracker.
#[derive(Debug, Clone)]
pub enum Step {
    /// A CVE comes, or comes again with other content.
    Record {
        cve: u32,
        name: usize,
        vendor: usize,
        repository: Option<usize>,
        fixed: u32,
        rejected: bool,
    },
    /// A channel moves.
    Channel {
        channel: usize,
        packages: Vec<(usize, u32, Option<usize>)>,
    },
    /// An alias table comes.
    Aliases {
        name: usize,
        vendor: usize,
        repository: usize,
    },
    /// Somebody makes a rule, or takes one back.
    Rule {
        vendor: usize,
        product: Option<usize>,
        attr: Option<usize>,
    },
    /// Somebody takes the last rule back.
    Retire,
    /// What changed is matched again.
    Match,
}

fn step() -> impl Strategy<Value = Step> {
    let record = (
        0_u32..8,
        0..NAMES.len(),
        0..VENDORS.len(),
        proptest::option::of(0..REPOSITORIES.len()),
        1_u32..4,
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(cve, name, vendor, repository, fixed, rejected)| Step::Record {
                cve,
                name,
                vendor,
                repository,
                fixed,
                rejected,
            },
        );
    let package = (
        0..NAMES.len(),
        1_u32..4,
        proptest::option::of(0..REPOSITORIES.len()),
    );
    let channel = (0_usize..2, vec(package, 1..6))
        .prop_map(|(channel, packages)| Step::Channel { channel, packages });
    let aliases = (0..NAMES.len(), 0..VENDORS.len(), 0..REPOSITORIES.len()).prop_map(
        |(name, vendor, repository)| Step::Aliases {
            name,
            vendor,
            repository,
        },
    );
    let rule = (
        0..VENDORS.len(),
        proptest::option::weighted(0.8, 0..NAMES.len()),
        proptest::option::weighted(0.6, 0..NAMES.len()),
    );
    let rule = rule.prop_map(|(vendor, product, attr)| Step::Rule {
        vendor,
        product,
        attr,
    });
    prop_oneof![6 => record, 3 => channel, 1 => aliases, 2 => rule, 1 => Just(Step::Retire), 3 => Just(Step::Match)]
}

pub fn now(tick: usize) -> Millis {
    Millis::new(1_700_000_000_000 + i64::try_from(tick).unwrap() * 1000)
}

fn raw(
    cve: u32,
    name: usize,
    vendor: usize,
    repository: Option<usize>,
    fixed: u32,
    rejected: bool,
) -> String {
    let organisation = "00000000-0000-4000-8000-000000000000";
    let metadata = |state: &str| serde_json::json!({"cveId": format!("CVE-2024-{:04}", 1000 + cve), "state": state, "assignerOrgId": organisation});
    let provider = serde_json::json!({"orgId": organisation});
    let text = |value: &str| serde_json::json!([{"lang": "en", "value": value}]);
    let record = if rejected {
        serde_json::json!({"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": metadata("REJECTED"),
            "containers": {"cna": {"providerMetadata": provider, "rejectedReasons": text("A duplicate.")}}})
    } else {
        serde_json::json!({"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": metadata("PUBLISHED"),
        "containers": {"cna": {
            "providerMetadata": provider,
            "descriptions": text("A flaw."),
            "references": [{"url": repository.map_or("https://example.org", |repository| REPOSITORIES[repository])}],
            "affected": [{
                "vendor": VENDORS[vendor], "product": NAMES[name], "defaultStatus": "unaffected",
                "cpes": [format!("cpe:2.3:a:{}:{}:*:*:*:*:*:*:*:*", VENDORS[vendor], NAMES[name].replace('-', "_"))],
                "versions": [{"version": "0", "lessThan": format!("{fixed}.0"), "status": "affected", "versionType": "semver"}],
            }],
        }}})
    };
    record.to_string()
}

/// Everything a step does but matching.
pub fn apply(db: &Db, step: &Step, tick: usize) {
    match step {
        Step::Record {
            cve,
            name,
            vendor,
            repository,
            fixed,
            rejected,
        } => {
            let raw = raw(*cve, *name, *vendor, *repository, *fixed, *rejected);
            let record = cve5::read(raw.as_bytes(), &Limits::default())
                .unwrap()
                .record;
            let origin = "test#0".to_owned();
            let prepared = db
                .prepare(IncomingRecord {
                    record,
                    raw: raw.into_bytes().into(),
                    origin,
                })
                .unwrap();
            let run = db.begin_run("test", FeedKind::CveList, now(tick)).unwrap();
            let batch = RecordBatch {
                run,
                cursor: "",
                now: now(tick),
                policy: StalePolicy::Overwrite,
                records: vec![prepared],
            };
            db.put_records(&batch).unwrap();
        }
        Step::Channel { channel, packages } => {
            let packages = packages.iter().map(|(name, version, repository)| {
                Ok::<_, std::convert::Infallible>(Package {
                    attr: NAMES[*name].to_owned(),
                    name: format!("{}-{version}.0", NAMES[*name]),
                    pname: NAMES[*name].to_owned(),
                    version: format!("{version}.0"),
                    sources: repository
                        .iter()
                        .map(|repository| REPOSITORIES[*repository].to_owned())
                        .collect(),
                    ..Package::default()
                })
            });
            let load = ChannelLoad {
                channel: ["stable", "unstable"][*channel],
                revision: &format!("r{tick}"),
                evaluated_at: None,
                run: None,
                now: now(tick),
                force: Force::Yes,
            };
            db.load_channel(&load, packages).unwrap();
        }
        Step::Aliases {
            name,
            vendor,
            repository,
        } => {
            let purl = REPOSITORIES[*repository]
                .replace("https://github.com/", "pkg:github/")
                .to_lowercase();
            let fact = AliasFact {
                kind: "purl-cpe".to_owned(),
                left: purl,
                right: format!(
                    "cpe:2.3:a:{}:{}",
                    VENDORS[*vendor],
                    NAMES[*name].replace('-', "_")
                ),
            };
            db.put_alias_source("purl2cpe", "MIT", vec![fact], now(tick))
                .unwrap();
        }
        Step::Rule {
            vendor,
            product,
            attr,
        } => {
            let product = product.map_or("", |product| NAMES[product]);
            let (kind, attr) = match attr.filter(|_| !product.is_empty()) {
                Some(attr) => ("identity", NAMES[attr]),
                None => ("never", ""),
            };
            let rule = Rule::new(kind, VENDORS[*vendor], product, attr).unwrap();
            db.put_rule(&rule, None, None::<PersonId>, now(tick))
                .unwrap();
        }
        Step::Retire => {
            if let Some((id, _)) = db.rules_in_force().unwrap().last() {
                db.retire_rule(*id, Retire::Retire, None::<PersonId>, now(tick))
                    .unwrap();
            }
        }
        Step::Match => {}
    }
}

pub fn rematch(db: &Db, everything: bool, tick: usize) {
    let options = Options {
        everything,
        now: now(tick),
        stop: None,
    };
    let outcome = rematch::run(db, &options, &mut |_| {}).unwrap();
    assert!(!outcome.stopped);
    assert_eq!(db.dirty_count().unwrap(), 0, "nothing is left to match");
}

/// All matches, without the time since when they stand.
fn matches(db: &Db) -> BTreeMap<(String, String), Vec<Match>> {
    let mut all = BTreeMap::new();
    for cve in 0..8 {
        let id = format!("CVE-2024-{:04}", 1000 + cve);
        for (channel, stored) in db.matches_of_advisory(&id).unwrap() {
            all.insert(
                (id.clone(), channel),
                stored.into_iter().map(|stored| stored.found).collect(),
            );
        }
    }
    all
}

/// What every rule did.
fn effects(db: &Db) -> Vec<RuleEffect> {
    let rules = db.rules().unwrap();
    let effects = |rule: &StoredRule| db.rule_effects(rule.id, None, 1000).unwrap();
    rules.iter().flat_map(effects).collect()
}

pub fn fresh() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::Sqlite(folder.path().join("tracker.sqlite"))).unwrap();
    (folder, db)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn by_steps_and_at_once_agree(steps in vec(step(), 4..24)) {
        let (_stepwise_folder, stepwise) = fresh();
        let (_whole_folder, whole) = fresh();
        for (tick, step) in steps.iter().enumerate() {
            apply(&stepwise, step, tick);
            apply(&whole, step, tick);
            if matches!(step, Step::Match) {
                rematch(&stepwise, false, tick);
            }
        }
        rematch(&stepwise, false, steps.len());
        rematch(&whole, true, steps.len());
        prop_assert_eq!(matches(&stepwise), matches(&whole));
        prop_assert_eq!(effects(&stepwise), effects(&whole));
    }
}

#[test]
fn a_home_learned_from_one_advisory_ties_another() {
    let (_folder, db) = fresh();
    // A package that shares no name with the advisory's product, only the repository's.
    let package = Step::Channel {
        channel: 0,
        packages: vec![(1, 1, Some(1))],
    };
    let without_link = Step::Record {
        cve: 1,
        name: 1,
        vendor: 1,
        repository: None,
        fixed: 2,
        rejected: false,
    };
    let with_link = Step::Record {
        cve: 2,
        name: 1,
        vendor: 1,
        repository: Some(1),
        fixed: 2,
        rejected: false,
    };
    for (tick, step) in [package, without_link, with_link].iter().enumerate() {
        apply(&db, step, tick);
        rematch(&db, false, tick);
    }
    let all = matches(&db);
    let reasons = &all[&("CVE-2024-1001".to_owned(), "stable".to_owned())][0].reasons;
    assert!(
        reasons
            .iter()
            .any(|reason| reason.code == "name_and_learned_repository"),
        "{reasons:#?}"
    );
}

#[test]
fn a_rule_says_what_it_changed() {
    let (_folder, db) = fresh();
    let record = |cve, name, vendor, repository| Step::Record {
        cve,
        name,
        vendor,
        repository,
        fixed: 9,
        rejected: false,
    };
    // git, openssl and argo-cd, with an advisory for git by name and one by a foreign name.
    let packages = vec![(3, 1, Some(3)), (0, 1, None), (2, 1, None)];
    let steps = [
        Step::Channel {
            channel: 0,
            packages,
        },
        record(1, 3, 3, Some(3)),
        record(2, 4, 1, None),
        Step::Rule {
            vendor: 3,
            product: None,
            attr: None,
        },
        Step::Rule {
            vendor: 1,
            product: Some(4),
            attr: Some(2),
        },
    ];
    for (tick, step) in steps.iter().enumerate() {
        apply(&db, step, tick);
        rematch(&db, false, tick);
    }
    let effect = |rule, cve: &str, made, prevented| RuleEffect {
        rule,
        advisory: cve.to_owned(),
        made,
        prevented,
    };
    assert_eq!(
        effects(&db),
        [
            effect(2, "CVE-2024-1002", 1, 0),
            effect(1, "CVE-2024-1001", 0, 1)
        ]
    );
    let all = matches(&db);
    assert!(!all.contains_key(&("CVE-2024-1001".to_owned(), "stable".to_owned())));
    let made = &all[&("CVE-2024-1002".to_owned(), "stable".to_owned())][0];
    assert_eq!((made.attr.as_str(), made.tier), ("argo-cd", Tier::High));
    assert_eq!(made.verdict, Verdict::Affected);
    let reasons = made.reasons.iter();
    let cited = reasons
        .filter(|reason| reason.code == "rule_identity")
        .map(|reason| reason.text.as_str());
    let sentence = "rule 2: vendor hdfgroup, product fluent-bit is argo-cd";
    assert_eq!(cited.collect::<Vec<_>>(), [sentence]);
    for rule in [1, 2] {
        db.retire_rule(rule, Retire::Retire, None::<PersonId>, now(9))
            .unwrap();
    }
    rematch(&db, false, 10);
    assert!(effects(&db).is_empty() && !db.has_rule_effects().unwrap());
    let all = matches(&db);
    assert!(all.contains_key(&("CVE-2024-1001".to_owned(), "stable".to_owned())));
    assert!(!all.contains_key(&("CVE-2024-1002".to_owned(), "stable".to_owned())));
}
