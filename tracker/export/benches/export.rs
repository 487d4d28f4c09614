//! How fast whole exports are written: 20,000 issues, each with 5 packages in 3 channels.
//!
//! `cargo bench -p snowguard-tracker-export --bench export`. The issues are made anew on each run, as a
//! caller that reads them from a database would; `input` is the time of that alone.

#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first failure")]

use std::io::{self, Write};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use snowguard_tracker_export::signing::{SecretKey, SigningWriter};
use snowguard_tracker_export::{
    Advisory, AdvisoryId, AttributePath, BranchName, ChannelName, ChannelStatus, CommitHash,
    CvssVector, Issue, IssueId, Justification, Moment, Package, PackageName, PackageVersion,
    Provider, PublisherCategory, Reference, ReferenceKind, Severity, Status, TaggingEntity, WebUrl,
    atom, csaf, cyclonedx, json_lines, openvex, osv,
};

const ISSUES: u32 = 20_000;
const PACKAGES: usize = 5;
const CHANNELS: [(&str, &str); 3] = [
    ("nixos-unstable", "nixos-unstable"),
    ("nixos-26.05", "release-26.05"),
    ("nixos-25.11", "release-25.11"),
];

fn main() {
    divan::main();
}

/// Counts what is written to it.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn provider() -> Provider {
    Provider {
        name: "Nixpkgs security team".to_owned(),
        contact: None,
        category: PublisherCategory::Vendor,
        namespace: WebUrl::new("https://example.org/").unwrap(),
        pages: WebUrl::new("https://tracker.example.org/").unwrap(),
        exports: WebUrl::new("https://tracker.example.org/exports/").unwrap(),
        tagging: TaggingEntity::new("tracker.example.org,2026").unwrap(),
    }
}

fn now() -> Moment {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn status(number: usize) -> Status {
    match number % 6 {
        0 => Status::Affected { workaround: None },
        1 | 2 => Status::FixedInVersion {
            version: PackageVersion::new("3.0.14").unwrap(),
        },
        3 => Status::FixedByPatch {
            patches: vec!["CVE-2026-1234.patch".to_owned()],
        },
        4 => Status::NotAffected {
            justification: Some(Justification::VulnerableCodeNotPresent),
            statement: Some("The code came with a later version.".to_owned()),
        },
        _ => Status::UnderInvestigation,
    }
}

fn package(issue: u32, place: usize) -> Package {
    let number = issue as usize * PACKAGES + place;
    let name = format!("package-{}", number % 7919);
    let channels = CHANNELS
        .iter()
        .enumerate()
        .map(|(at, (channel, branch))| ChannelStatus {
            channel: ChannelName::new(*channel).unwrap(),
            branch: BranchName::new(*branch).unwrap(),
            version: Some(PackageVersion::new("3.0.13").unwrap()),
            evaluated: None,
            affected_versions: Vec::new(),
            affected_ranges: Vec::new(),
            introduced_by: None,
            fixed_by: Some(CommitHash::new(format!("{number:040x}")).unwrap()),
            status: status(number + at),
        });
    Package {
        attribute: AttributePath::new(name.as_str()).unwrap(),
        name: PackageName::new(name.as_str()).unwrap(),
        cpes: Vec::new(),
        channels: channels.collect(),
    }
}

fn issue(number: u32) -> Issue {
    let advisory = |number: u32| Advisory {
        id: AdvisoryId::new(format!("CVE-2026-{number:05}")).unwrap(),
        aliases: Vec::new(),
        title: Some("A heap overflow in the parser of certificates".to_owned()),
        weaknesses: vec![787],
    };
    Issue {
        id: IssueId::new(2026, number).unwrap(),
        title: "A heap overflow in the parser of certificates".to_owned(),
        notes: "A crafted certificate overflows a buffer in the parser. \
                Servers that ask for certificates of clients are affected.\n\n"
            .repeat(3),
        severity: Some(Severity::of(
            CvssVector::parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").unwrap(),
        )),
        published: "2026-03-01T12:00:00Z".parse().unwrap(),
        modified: "2026-03-04T12:00:00Z".parse().unwrap(),
        withdrawn: None,
        revisions: Vec::new(),
        advisories: vec![advisory(number), advisory(number + 50_000)],
        references: ["https://www.openssl.org/news/", "https://example.org/a"]
            .iter()
            .map(|url| Reference {
                kind: ReferenceKind::Advisory,
                url: WebUrl::new(url).unwrap(),
            })
            .collect(),
        credits: Vec::new(),
        packages: (0..PACKAGES).map(|place| package(number, place)).collect(),
    }
}

fn issues() -> impl Iterator<Item = Issue> {
    (1..=ISSUES).map(issue)
}

/// Measures an export, with its throughput in issues and bytes.
fn measure(bencher: Bencher<'_, '_>, export: impl Fn(&mut Counter) + Sync) {
    let mut counter = Counter::default();
    export(&mut counter);
    bencher
        .counter(ItemsCount::new(ISSUES as usize))
        .counter(BytesCount::new(counter.0))
        .bench(|| export(&mut Counter::default()));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn input(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(ISSUES as usize))
        .bench(|| issues().map(|issue| issue.packages.len()).sum::<usize>());
}

/// The issue's limit is 10 s.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn osv_lines(bencher: Bencher<'_, '_>) {
    measure(bencher, |to| {
        osv::write_lines(issues(), &provider(), osv::Names::Nixpkgs, to).unwrap();
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn osv_lines_signed(bencher: Bencher<'_, '_>) {
    let key = SecretKey::from_seed([1; 8], &[1; 32]);
    measure(bencher, |to| {
        let mut writer = SigningWriter::new(to);
        osv::write_lines(issues(), &provider(), osv::Names::Nixpkgs, &mut writer).unwrap();
        let (_, sealed) = writer.finish(&key, "osv/all.jsonl", now());
        divan::black_box(sealed);
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn csaf_documents(bencher: Bencher<'_, '_>) {
    measure(bencher, |to| {
        let mut distribution = csaf::Distribution::new();
        for issue in issues() {
            for document in csaf::documents(&issue, &provider()) {
                to.write_all(&document.bytes).unwrap();
            }
            distribution.add(&issue);
        }
        for document in distribution.documents(&provider(), now()) {
            to.write_all(&document.bytes).unwrap();
        }
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn openvex_whole(bencher: Bencher<'_, '_>) {
    measure(bencher, |to| {
        openvex::write_all(issues(), &provider(), now(), 1, to).unwrap();
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn cyclonedx_whole(bencher: Bencher<'_, '_>) {
    measure(bencher, |to| {
        cyclonedx::write_all(issues(), &provider(), now(), 1, to).unwrap();
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn atom_feed(bencher: Bencher<'_, '_>) {
    let feed = atom::Feed {
        name: "issues".to_owned(),
        title: "Issues".to_owned(),
        subtitle: None,
        updated: now(),
        own: provider().export("issues.atom"),
        page: None,
    };
    measure(bencher, |to| {
        let provider = provider();
        let entries = issues().map(|issue| atom::Entry::of(&issue, &provider));
        atom::write(&feed, &provider, entries, to).unwrap();
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn lines_of_everything(bencher: Bencher<'_, '_>) {
    measure(bencher, |to| {
        json_lines::write_issues(issues(), to).unwrap();
    });
}
