//! `uki`: building unified kernel images and addons.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::authenticode;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr;
use snowguard_boot_format::pe;
use snowguard_boot_format::uki::{Piece, Section, build, sbat};

use crate::files;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::signer::{DigestChoice, SignerOptions};

/// What the image is made of. A text is given as it is, or as `@FILE`.
#[derive(Debug, Args)]
pub struct Options {
    /// The stub: a PE image that starts what is in the others
    #[arg(long, value_name = "FILE")]
    stub: PathBuf,
    /// The kernel; without one, the image is an addon
    #[arg(long, value_name = "FILE")]
    linux: Option<PathBuf>,
    /// Initial RAM disks, put one behind another
    #[arg(long, value_name = "FILE")]
    initrd: Vec<PathBuf>,
    /// Microcode, an initial RAM disk of its own
    #[arg(long, value_name = "FILE")]
    ucode: Option<PathBuf>,
    /// The kernel's command line
    #[arg(long, value_name = "TEXT")]
    cmdline: Option<String>,
    /// os-release of the system
    #[arg(long, value_name = "TEXT")]
    os_release: Option<String>,
    /// The kernel's version
    #[arg(long, value_name = "TEXT")]
    uname: Option<String>,
    /// A picture (BMP)
    #[arg(long, value_name = "FILE")]
    splash: Option<PathBuf>,
    /// Device tree
    #[arg(long, value_name = "FILE")]
    dtb: Option<PathBuf>,
    /// Device trees of which the machine's is taken
    #[arg(long, value_name = "FILE")]
    dtbauto: Vec<PathBuf>,
    /// Hardware ids to choose by
    #[arg(long, value_name = "FILE")]
    hwids: Option<PathBuf>,
    /// Firmware images of which the machine's is taken
    #[arg(long, value_name = "FILE")]
    efifw: Vec<PathBuf>,
    /// Generations for revocation (SBAT, CSV), besides those of the stub and the kernel
    #[arg(long, value_name = "TEXT")]
    sbat: Option<String>,
    /// Public key of the PCR policies (PEM)
    #[arg(long, value_name = "FILE")]
    pcrpkey: Option<PathBuf>,
    /// Signed PCR policies (JSON)
    #[arg(long, value_name = "FILE")]
    pcrsig: Option<PathBuf>,
    /// A further profile: a folder whose files are named as sections without dot; `profile` must
    /// be there
    #[arg(long, value_name = "DIR")]
    profile: Vec<PathBuf>,
    /// Where the image goes
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Digest algorithm of the signature
    #[arg(long, value_enum, default_value_t)]
    digest: DigestChoice,
    /// Build and say what would be written
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signer: SignerOptions,
}

#[derive(Debug, Serialize)]
struct Built {
    output: String,
    size: usize,
    sections: Vec<String>,
    profiles: usize,
    pcr11_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
    written: bool,
}

/// Sections with their content.
type Group = Vec<(Section, Vec<u8>)>;

/// Builds, and signs if a signer is named.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let signer = match options.signer.is_given() {
        true => Some(options.signer.open(crate::clock::now()?)?),
        false => None,
    };
    let stub = files::read(&options.stub, files::MAX_SMALL)?;
    let mut base = base(options)?;
    add_sbat(&mut base, options, &stub)?;
    if base.is_empty() {
        return Err(
            anyhow::anyhow!("nothing is given to put beside the stub").context(Failure::Usage)
        );
    }
    let profiles = options
        .profile
        .iter()
        .map(|folder| profile(folder))
        .collect::<Result<Vec<_>>>()?;
    let mut image = build(
        &stub,
        &pieces(&base),
        &profiles.iter().map(pieces).collect::<Vec<_>>(),
    )
    .context("cannot build the image")?;
    if let Some(signer) = &signer {
        image = authenticode::sign(image, signer.as_ref(), options.digest.into(), None)
            .context("cannot sign the image")
            .context(Failure::Effect)?;
    }
    let file = pe::File::parse(&image).context("cannot read what was built")?;
    let pcr11 = match options.linux {
        Some(_) => Some(pcr::pcr11(&file, DigestAlgorithm::Sha256, 0, &[])?.to_string()),
        None => None,
    };
    let built = Built {
        output: options.output.display().to_string(),
        size: image.len(),
        sections: file
            .sections()
            .map(|section| section.name.to_string())
            .collect(),
        profiles: profiles.len(),
        pcr11_sha256: pcr11,
        signer: signer.map(|signer| signer.certificate().subject().to_string()),
        written: !options.dry_run,
    };
    if !options.dry_run {
        files::replace(&options.output, &image, 0o644)?;
    }
    output.print(&built)?;
    Ok(Outcome::Good)
}

/// In the order of systemd's own tool: small sections first, the kernel last, so that a kernel that
/// is started in place may grow.
fn base(options: &Options) -> Result<Group> {
    let mut group = Group::new();
    let texts = [
        (Section::OsRelease, &options.os_release),
        (Section::CommandLine, &options.cmdline),
        (Section::KernelVersion, &options.uname),
    ];
    for (section, text) in texts {
        if let Some(text) = text {
            group.push((section, files::read_text(text)?));
        }
    }
    let single = [
        (Section::Splash, &options.splash),
        (Section::PcrPublicKey, &options.pcrpkey),
        (Section::PcrSignature, &options.pcrsig),
        (Section::Microcode, &options.ucode),
        (Section::HardwareIds, &options.hwids),
        (Section::DeviceTree, &options.dtb),
    ];
    for (section, path) in single {
        if let Some(path) = path {
            group.push((section, files::read(path, files::MAX_IMAGE)?));
        }
    }
    for (section, paths) in [
        (Section::DeviceTreeAuto, &options.dtbauto),
        (Section::Firmware, &options.efifw),
    ] {
        for path in paths {
            group.push((section, files::read(path, files::MAX_IMAGE)?));
        }
    }
    if !options.initrd.is_empty() {
        group.push((Section::Initrd, initrds(&options.initrd)?));
    }
    if let Some(path) = &options.linux {
        group.push((Section::Linux, files::read(path, files::MAX_IMAGE)?));
    }
    Ok(group)
}

/// What the stub, the kernel and the user say of generations, as one section.
fn add_sbat(group: &mut Group, options: &Options, stub: &[u8]) -> Result<()> {
    let mut all = Vec::new();
    let kernel = group.iter().find(|(section, _)| *section == Section::Linux);
    let images = [Some(stub), kernel.map(|(_, bytes)| bytes.as_slice())];
    for image in images.into_iter().flatten() {
        // What is no image is refused when the parts are put together.
        if let Ok(file) = pe::File::parse(image)
            && let Some(section) = file.section(Section::Sbat.name())
        {
            all.push(file.contents(&section).to_vec());
        }
    }
    let of_stub = usize::from(
        pe::File::parse(stub).is_ok_and(|file| file.section(Section::Sbat.name()).is_some()),
    );
    all.extend(options.sbat.as_deref().map(files::read_text).transpose()?);
    if all.len() > of_stub {
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        let merged = sbat::merge(&all).context("cannot merge the .sbat sections")?;
        group.insert(0, (Section::Sbat, merged.into_bytes()));
    }
    Ok(())
}

/// The kernel wants each archive at a multiple of four.
fn initrds(paths: &[PathBuf]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for path in paths {
        all.resize(all.len().next_multiple_of(4), 0);
        all.extend(files::read(path, files::MAX_IMAGE)?);
    }
    Ok(all)
}

fn profile(folder: &Path) -> Result<Group> {
    let mut group = Group::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the profile {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let name = entry.file_name();
        let section = Section::ALL
            .into_iter()
            .find(|section| section.as_str().strip_prefix('.') == name.to_str());
        let Some(section) = section else {
            bail!(
                "{} is not named as a section without dot",
                entry.path().display()
            );
        };
        group.push((section, files::read(&entry.path(), files::MAX_IMAGE)?));
    }
    // `.profile` begins a profile; the rest is in a fixed order, whatever the file system's.
    group.sort_by_key(|(section, _)| (*section != Section::Profile, *section));
    Ok(group)
}

fn pieces(group: &Group) -> Vec<Piece<'_>> {
    group
        .iter()
        .map(|(section, content)| Piece::new(*section, content))
        .collect()
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.written { "built" } else { "would build" };
        writeln!(f, "{done} {}: {} bytes", self.output, self.size)?;
        writeln!(f, "sections {}", self.sections.join(" "))?;
        if let Some(pcr) = &self.pcr11_sha256 {
            writeln!(f, "PCR 11 at the kernel's start: sha256 {pcr}")?;
        }
        if let Some(signer) = &self.signer {
            writeln!(f, "signed by {signer}")?;
        }
        Ok(())
    }
}
