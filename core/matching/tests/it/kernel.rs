//! Real records of the kernel's CNA: ranges of commits in one row, releases of every stable branch in
//! another.

use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::judge::judge;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::{Match, Tier, Verdict};

use Verdict::{Affected, Fixed, NotAffected};

fn record(id: &str) -> Advisory {
    let lines = include_str!("data/kernel.jsonl").lines();
    let mut records = lines.filter_map(|line| {
        let read = cve5::read(line.as_bytes(), &Limits::default()).expect("a valid record");
        (read.record.id == id).then_some(read.record)
    });
    Advisory {
        id: id.to_owned(),
        records: vec![records.next().expect("in the file")],
        kev: None,
        epss: None,
    }
}

fn kernel(pname: &str, version: &str) -> PackageFacts {
    PackageFacts::new(Package {
        attr: pname.replace('-', "_"),
        pname: pname.to_owned(),
        name: format!("{pname}-{version}"),
        version: version.to_owned(),
        homepages: vec!["https://www.kernel.org/".to_owned()],
        ..Package::default()
    })
}

fn judged(id: &str, package: &PackageFacts) -> Option<Match> {
    let advisory = record(id);
    let facts = AdvisoryFacts::new(&advisory);
    judge(
        &advisory,
        &facts,
        package,
        &Knowledge::default(),
        Allowed::ALL,
    )
}

#[track_caller]
fn check(id: &str, want: &[(&str, Verdict)]) {
    for (version, verdict) in want {
        let found = judged(id, &kernel("linux", version)).expect("tied");
        assert_eq!(
            found.verdict, *verdict,
            "{id} {version}: {:#?}",
            found.reasons
        );
        assert_eq!(found.tier, Tier::High, "{id} {version}");
    }
}

#[test]
fn a_stable_branch_is_mended_by_its_own_release() {
    // Since 6.5, mended in 6.6.17, 6.7.5 and 6.8; the flaw was carried back into older branches, whose
    // first mended releases the record lists.
    check(
        "CVE-2024-26581",
        &[
            ("6.4.16", NotAffected),
            ("6.5", Affected),
            ("6.5.13", Affected),
            ("6.6.16", Affected),
            ("6.6.17", Fixed),
            ("6.7.4", Affected),
            ("6.7.5", Fixed),
            ("6.8", Fixed),
            ("6.8.1", Fixed),
            ("6.18.37", Fixed),
        ],
    );
}

#[test]
fn the_branch_s_own_range_counts_before_one_over_all_branches() {
    // One row says `0 ≤ v < 7.0.7` affected, the other `6.18.30 ≤ v ≤ 6.18.*` unaffected.
    check(
        "CVE-2026-46147",
        &[
            ("6.12.80", Affected),
            ("6.18.29", Affected),
            ("6.18.30", Fixed),
            ("6.18.37", Fixed),
            ("7.0.6", Affected),
            ("7.0.14", NotAffected),
            ("7.1.2", NotAffected),
        ],
    );
}

#[test]
fn a_flaw_that_a_backport_brought_is_seen_in_its_branch() {
    // Mainline has it since 7.1; 6.18.25 took it in, 6.18.38 mends it. The record calls all before 7.1
    // unaffected but for the releases that it lists, so 6.18.38 is not "fixed".
    check(
        "CVE-2026-53390",
        &[
            ("6.18.24", NotAffected),
            ("6.18.25", Affected),
            ("6.18.37", Affected),
            ("6.18.38", NotAffected),
            ("7.0.1", NotAffected),
            ("7.1", Affected),
            ("7.1.2", Affected),
            ("7.1.3", Fixed),
        ],
    );
}

#[test]
fn a_branch_that_no_row_mends_is_affected() {
    // Since 6.9, mended in 6.19.12 and 7.0 only; the row of commits has another default.
    check(
        "CVE-2026-43022",
        &[
            ("6.12.95", Affected),
            ("6.18.37", Affected),
            ("6.19.12", Fixed),
            ("7.0", Fixed),
        ],
    );
}

#[test]
fn the_cna_s_rows_count_before_the_cpes_made_of_them() {
    // The CPE statement has lost the ends of its ranges: `≥ 6.17.13`, affected for ever.
    check(
        "CVE-2026-23435",
        &[
            ("6.18.19", Affected),
            ("6.18.37", NotAffected),
            ("6.19.5", Affected),
            ("7.0", Fixed),
        ],
    );
}

#[test]
fn flavours_are_the_kernel_and_their_suffix_is_no_release() {
    for (pname, version, verdict) in [
        ("linux-zen", "6.18.37-zen1", Affected),
        ("linux-xanmod", "6.18.37-xanmod1", Affected),
        ("linux-rt", "6.18.38-rt54", NotAffected),
        ("linux-hardened", "6.18.38-hardened1", NotAffected),
        ("linux-libre", "6.18.38-gnu", NotAffected),
        ("linux-libre", "6.18.37-gnu", Affected),
    ] {
        let found = judged("CVE-2026-53390", &kernel(pname, version)).expect("tied");
        assert_eq!(
            (found.verdict, found.tier),
            (verdict, Tier::High),
            "{pname} {version}: {:#?}",
            found.reasons
        );
    }
}

#[test]
fn what_is_only_built_from_the_kernel_s_source_is_not_the_kernel() {
    for pname in [
        "linux-headers",
        "linux-manual",
        "linux-firmware",
        "linux-pam",
    ] {
        let found = judged("CVE-2026-53390", &kernel(pname, "6.18.37"));
        assert!(found.is_none_or(|found| found.tier == Tier::Low), "{pname}");
    }
}
