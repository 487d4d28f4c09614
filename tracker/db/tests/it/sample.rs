//! Small made-up records and packages.

use serde_json::json;
use snowguard_advisory::model::{Affected, Record};
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Match, Reason, Tier, Verdict, Weight};
use snowguard_tracker_db::{
    ChannelLoad, Db, FeedKind, Force, IncomingRecord, LoadOutcome, Millis, PreparedRecord,
    PutOutcome, RecordBatch, Result, RunId, StalePolicy,
};

pub const NOW: Millis = Millis::new(1_790_000_000_000);

pub fn later(seconds: i64) -> Millis {
    Millis::new(NOW.get() + seconds * 1000)
}

pub fn record(id: &str, product: &str, title: &str) -> Record {
    let severity = json!({"by": "cna", "version": "3.1", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "score": 9.8});
    let given = json!({
        "id": id,
        "source": "cve-list",
        "publisher": "mitre",
        "state": "published",
        "title": title,
        "description": format!("A flaw in {product} lets attackers do things."),
        "published": NOW.get() - 1_000_000,
        "modified": NOW.get() - 500_000,
        "severities": [severity],
    });
    let mut record: Record = serde_json::from_value(given).unwrap();
    record.affected = vec![Affected {
        by: "cna".to_owned(),
        product: Some(product.to_owned()),
        ..Affected::default()
    }];
    record
}

/// A record and a raw JSON that says the same.
pub fn incoming(record: Record) -> IncomingRecord<'static> {
    let product = record
        .affected
        .first()
        .and_then(|affected| affected.product.clone());
    let raw = json!({"id": record.id, "title": record.title, "product": product, "modified": record.modified, "notes": record.tags});
    IncomingRecord {
        raw: raw.to_string().into_bytes().into(),
        origin: "sample.jsonl#0".to_owned(),
        record,
    }
}

pub fn prepare(db: &Db, records: impl IntoIterator<Item = Record>) -> Vec<PreparedRecord> {
    records
        .into_iter()
        .map(|record| db.prepare(incoming(record)).unwrap())
        .collect()
}

pub fn begin(db: &Db) -> RunId {
    db.begin_run("sample", FeedKind::CveList, NOW).unwrap()
}

pub fn put(db: &Db, records: impl IntoIterator<Item = Record>) -> PutOutcome {
    put_at(db, NOW, records)
}

pub fn put_at(db: &Db, now: Millis, records: impl IntoIterator<Item = Record>) -> PutOutcome {
    let run = begin(db);
    let records = prepare(db, records);
    db.put_records(&RecordBatch {
        run,
        cursor: "end",
        now,
        policy: StalePolicy::KeepNewer,
        records,
    })
    .unwrap()
}

pub fn package(attr: &str, version: &str) -> Package {
    let pname = attr.rsplit('.').next().unwrap_or(attr).to_owned();
    Package {
        attr: attr.to_owned(),
        name: format!("{pname}-{version}"),
        pname: pname.clone(),
        version: version.to_owned(),
        description: Some(format!("The {pname} program")),
        sources: vec![format!("https://example.org/{pname}-{version}.tar.gz")],
        ..Package::default()
    }
}

pub fn load(db: &Db, channel: &str, revision: &str, packages: Vec<Package>) -> Result<LoadOutcome> {
    load_with(db, channel, revision, packages, Force::No)
}

pub fn load_with(
    db: &Db,
    channel: &str,
    revision: &str,
    packages: Vec<Package>,
    force: Force,
) -> Result<LoadOutcome> {
    let load = ChannelLoad {
        channel,
        revision,
        evaluated_at: Some(NOW),
        run: None,
        now: NOW,
        force,
    };
    db.load_channel(&load, packages.into_iter().map(Ok::<_, std::io::Error>))
}

pub fn found(advisory: &str, attr: &str, verdict: Verdict, tier: Tier) -> Match {
    Match {
        advisory: advisory.to_owned(),
        attr: attr.to_owned(),
        verdict,
        tier,
        variant_of: None,
        fixed_in: Some("9.9".to_owned()),
        reasons: vec![Reason {
            code: "name_equal".to_owned(),
            weight: Weight::Tie,
            text: format!("{attr} is named so"),
            at: Some(format!("{advisory}#/containers/cna/affected/0")),
        }],
    }
}
