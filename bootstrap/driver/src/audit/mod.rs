//! What has to be believed to believe an output: every binary byte, every script, every file that a
//! program made.

mod drawing;
mod html;
mod pregenerated;
mod why;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

pub use html::page;
pub use pregenerated::{Pregenerated, reason, scan};
pub use why::why;

use crate::build::{Build, Outcome};
use crate::graph::schema::{Action, Trust};
use crate::graph::{Digest, Name, Origin};
use crate::sources::provide;

/// The version of the report's JSON.
pub const REPORT_VERSION: u32 = 1;

/// All that an output rests on.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`REPORT_VERSION`]
    pub version: u32,
    /// The processor's architecture.
    pub architecture: &'static str,
    /// Binaries that are taken on faith.
    pub binaries: Vec<Believed>,
    /// What of the kernel is used.
    pub kernel: Kernel,
    /// Texts of the project that say what is done: scripts, patches, step files' own files.
    pub texts: Vec<Believed>,
    /// Sources that people wrote, and what in them no person wrote.
    pub sources: Vec<SourceReport>,
    /// Steps, each after its inputs.
    pub steps: Vec<StepReport>,
}

/// Something that is believed.
#[derive(Debug, Clone, Serialize)]
pub struct Believed {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// Its hash.
    pub sha256: Digest,
    /// Why it is there.
    pub reason: String,
}

/// The kernel's part.
#[derive(Debug, Clone, Serialize)]
pub struct Kernel {
    /// System calls that a step may make.
    pub calls: Vec<Call>,
    /// A sentence.
    pub reason: &'static str,
}

/// A system call.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// What a build needs it for.
    pub reason: &'static str,
}

/// A source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceReport {
    /// Its name, bytes, hash and description.
    #[serde(flatten)]
    pub source: Believed,
    /// Where it comes from.
    pub origin: String,
    /// Files in it.
    pub files: u64,
    /// Those that a program made.
    pub pregenerated: Vec<Pregenerated>,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Its name.
    pub name: Name,
    /// Where it is declared, `FILE:LINE`.
    pub place: String,
    /// A sentence.
    pub description: String,
    /// Its output.
    pub output: Digest,
    /// Bytes of its output's archive.
    pub size: u64,
    /// Outputs that it saw.
    pub inputs: Vec<Name>,
    /// Sources that it saw.
    pub sources: Vec<Name>,
    /// Files of the project that it saw.
    pub files: Vec<Name>,
    /// Whether it rests on a foreign binary, itself or by its inputs.
    pub stands_in: bool,
}

/// What a scan of a source found, as it is kept.
#[derive(Serialize, Deserialize)]
struct Scanned {
    version: u32,
    files: u64,
    found: Vec<Pregenerated>,
}

/// Raised when the marks change.
const SCAN_VERSION: u32 = 1;

/// Collects what the outcomes of a build rest on.
///
/// # Errors
/// When a source or program can't be read.
pub fn report(build: &Build<'_>, outcomes: &[Outcome]) -> Result<Report> {
    let mut report = Report {
        version: REPORT_VERSION,
        architecture: std::env::consts::ARCH,
        binaries: Vec::new(),
        kernel: Kernel {
            calls: snowguard_sandbox::allowed()
                .map(|call| Call {
                    name: call.name,
                    reason: call.reason,
                })
                .collect(),
            reason: "runs every program, and keeps each step to what it declares",
        },
        texts: Vec::new(),
        sources: Vec::new(),
        steps: Vec::new(),
    };
    let mut sources: BTreeMap<&Name, ()> = BTreeMap::new();
    let mut texts: BTreeMap<(Digest, &Name), &Path> = BTreeMap::new();
    let mut foreign: BTreeMap<&Name, bool> = BTreeMap::new();
    for outcome in outcomes {
        let step = build
            .graph
            .steps
            .get(&outcome.made.name)
            .context("an unknown step")?;
        sources.extend(step.sources.iter().map(|name| (name, ())));
        let hashes = build.files(step)?;
        for (name, path) in &step.files {
            let hash = *hashes.get(name).context("a file without a hash")?;
            texts.insert((hash, name), path);
        }
        let own = step.sources.iter().any(|name| {
            build.graph.sources.get(name).map(|source| source.trust) == Some(Trust::StandIn)
        });
        let stands_in = own
            || step
                .inputs
                .iter()
                .any(|input| foreign.get(input) == Some(&true));
        foreign.insert(&step.name, stands_in);
        let object = build
            .store
            .object(outcome.made.output)?
            .context("an output vanished")?;
        let written: u64 = step
            .actions
            .iter()
            .map(|action| match action {
                Action::Write(write) => write.text.len() as u64,
                _ => 0,
            })
            .sum();
        if written > 0 {
            report.texts.push(Believed {
                name: format!("{} (texts that the step writes)", step.name),
                size: written,
                sha256: outcome.made.key,
                reason: format!("in {}; the hash is the step's key", step.place),
            });
        }
        report.steps.push(StepReport {
            name: step.name.clone(),
            place: step.place.to_string(),
            description: step.description.clone(),
            output: outcome.made.output,
            size: object.size,
            inputs: step.inputs.clone(),
            sources: step.sources.clone(),
            files: step.files.keys().cloned().collect(),
            stands_in,
        });
    }
    for ((hash, name), path) in texts {
        report.texts.push(Believed {
            name: name.to_string(),
            size: fs::metadata(path)?.len(),
            sha256: hash,
            reason: path.display().to_string(),
        });
    }
    report.texts.sort_by(|a, b| a.name.cmp(&b.name));
    programs(build, &mut report)?;
    for name in sources.into_keys() {
        source(build, name, &mut report)?;
    }
    Ok(report)
}

/// The driver's own programs.
fn programs(build: &Build<'_>, report: &mut Report) -> Result<()> {
    let this = std::env::current_exe().context("cannot find this program")?;
    for (program, reason) in [
        (
            build.runner.program(),
            "the step runner: unpacks, patches, locks each step in",
        ),
        (
            this.as_path(),
            "the driver: fetches, orders, hashes and keeps; its decisions show in the hashes",
        ),
    ] {
        let bytes =
            fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
        let name = program.file_name().unwrap_or_default();
        report.binaries.push(Believed {
            name: name.to_string_lossy().into_owned(),
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
            reason: reason.to_owned(),
        });
    }
    Ok(())
}

fn source(build: &Build<'_>, name: &Name, report: &mut Report) -> Result<()> {
    let source = build.graph.sources.get(name).context("an unknown source")?;
    let believed = Believed {
        name: name.to_string(),
        size: source.size,
        sha256: source.sha256,
        reason: source.description.clone(),
    };
    if source.trust != Trust::Source {
        let kind = match source.trust {
            Trust::Seed => "the seed",
            _ => "a stand-in",
        };
        report.binaries.push(Believed {
            reason: format!("{kind}: {}", source.description),
            ..believed
        });
        return Ok(());
    }
    let path = provide(build.store, source, build.places)?;
    let scanned = scanned(build, source.sha256, &path)?;
    report.sources.push(SourceReport {
        source: believed,
        origin: match &source.origin {
            Origin::Debian { path, .. } => format!("Debian, {path}"),
            Origin::Hex(path) => path.display().to_string(),
        },
        files: scanned.files,
        pregenerated: scanned.found,
    });
    Ok(())
}

/// Scans a source, or reads what an earlier scan found.
fn scanned(build: &Build<'_>, sha256: Digest, path: &Path) -> Result<Scanned> {
    let kept = build
        .store
        .root()
        .join("sources")
        .join(format!("{sha256}.scan.json"));
    let known = fs::read(&kept)
        .ok()
        .and_then(|text| serde_json::from_slice::<Scanned>(&text).ok())
        .filter(|scanned| scanned.version == SCAN_VERSION);
    if let Some(known) = known {
        return Ok(known);
    }
    // A source that is no archive is a single file.
    let (found, files) = scan(path).unwrap_or_else(|_| {
        let head = fs::read(path).unwrap_or_default();
        let found = reason(&head[..head.len().min(8 << 10)]).map(|reason| Pregenerated {
            path: String::new(),
            size: head.len() as u64,
            reason: reason.to_owned(),
        });
        (found.into_iter().collect(), 1)
    });
    let scanned = Scanned {
        version: SCAN_VERSION,
        files,
        found,
    };
    fs::write(&kept, serde_json::to_vec(&scanned)?).context("cannot keep what a scan found")?;
    Ok(scanned)
}

impl Report {
    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::from("Binaries taken on faith\n");
        for binary in &self.binaries {
            text.push_str(&line(binary));
        }
        let sum: u64 = self.binaries.iter().map(|binary| binary.size).sum();
        text.push_str(&format!("{sum:>12} bytes in all\n"));
        text.push_str(&format!(
            "\nThe kernel, which {}: {} system calls\n",
            self.kernel.reason,
            self.kernel.calls.len()
        ));
        text.push_str("\nTexts of the project (scripts, patches, what steps write)\n");
        for believed in &self.texts {
            text.push_str(&line(believed));
        }
        text.push_str("\nSources\n");
        for source in &self.sources {
            text.push_str(&line(&source.source));
            let bytes: u64 = source.pregenerated.iter().map(|file| file.size).sum();
            text.push_str(&format!(
                "             {} files; made by programs: {} files, {bytes} bytes\n",
                source.files,
                source.pregenerated.len()
            ));
            for file in &source.pregenerated {
                text.push_str(&format!(
                    "             {:>9}  {}: {}\n",
                    file.size,
                    file.path.escape_debug(),
                    file.reason
                ));
            }
        }
        text.push_str("\nSteps\n");
        for step in &self.steps {
            text.push_str(&format!(
                "{:>12}  {}  {}{}\n",
                step.size,
                &step.output.to_string()[..16],
                step.name,
                if step.stands_in {
                    "  (rests on a stand-in)"
                } else {
                    ""
                }
            ));
        }
        text
    }
}

fn line(believed: &Believed) -> String {
    format!(
        "{:>12}  {}  {}: {}\n",
        believed.size,
        &believed.sha256.to_string()[..16],
        believed.name,
        believed.reason
    )
}
