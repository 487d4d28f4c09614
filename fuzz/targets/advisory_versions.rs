//! Version texts and the status of versions: nothing panics, and a decision names its reason.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use snowguard_advisory::model::{
    Change, CveVersion, OsvEvent, OsvRange, OsvRangeKind, Status, Versions,
};
use snowguard_advisory::versions::{Basis, VersionOrder, sloppy, status};

/// Texts in byte order; such as hold a `!` compare with nothing.
struct Bytes;

impl VersionOrder for Bytes {
    fn compare(&self, a: &str, b: &str) -> Option<Ordering> {
        (!a.contains('!') && !b.contains('!')).then(|| a.cmp(b))
    }
}

// Lines: the version, then one entry each, its fields separated by tabs.
fuzz_target!(|text: &str| {
    let _ = sloppy::read(text);
    let mut lines = text.lines().take(50);
    let version = lines.next().unwrap_or_default();
    let (mut entries, mut events) = (Vec::new(), Vec::new());
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |at: usize| fields.get(at).filter(|text| !text.is_empty()).map(|t| t.to_string());
        let state = match line.len() % 3 {
            0 => Status::Affected,
            1 => Status::Unaffected,
            _ => Status::Unknown,
        };
        events.push(match line.len() % 4 {
            0 => OsvEvent::Introduced(fields[0].to_owned()),
            1 => OsvEvent::Fixed(fields[0].to_owned()),
            2 => OsvEvent::LastAffected(fields[0].to_owned()),
            _ => OsvEvent::Limit(fields[0].to_owned()),
        });
        entries.push(CveVersion {
            version: fields[0].to_owned(),
            status: state,
            less_than: field(1),
            less_than_or_equal: field(2),
            version_type: field(3),
            changes: field(4).map(|at| Change { at, status: Status::Unaffected }).into_iter().collect(),
        });
    }
    let cve = Versions::Cve { default: Status::Unaffected, entries };
    let range = OsvRange { kind: OsvRangeKind::Ecosystem, repo: None, events };
    let osv = Versions::Osv { ranges: vec![range], versions: Vec::new() };
    for versions in [cve, osv] {
        let decision = status(&versions, version, &Bytes);
        if let Basis::Entry(at) = decision.basis {
            assert_eq!(decision.considered[at].status, decision.status);
        }
        if decision.basis == Basis::Undecidable {
            assert_eq!(decision.status, Status::Unknown);
        }
    }
});
