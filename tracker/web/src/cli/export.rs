//! `export`: the open data as files.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use snowguard_tracker_export::Cursor;
use snowguard_tracker_ingest::Progress;
use snowguard_tracker_web::{Wish, read_key, write_files};

use super::given::Surroundings;
use super::output::{self, thousands};
use super::{Database, Outcome};

/// What to write, and where.
#[derive(Debug, Args)]
pub struct Options {
    /// In which format
    #[arg(value_enum)]
    what: What,
    /// A folder; or a file, where the name has an ending (`.zip` and `.csv` choose the form of OSV)
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Only issues that changed after this time, or after the cursor that the last export told
    #[arg(long, value_name = "TIME|CURSOR")]
    since: Option<Cursor>,
    #[command(flatten)]
    surroundings: Surroundings,
    /// Key that signs each file, as `minisign -G -W` writes it; only its owner may be able to read it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// In which form to say what was done
    #[arg(long, value_enum, default_value_t)]
    format: output::Format,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// OSV records
    Osv,
    /// CSAF 2.0 VEX
    Csaf,
    /// OpenVEX
    Openvex,
    /// CycloneDX 1.6 VEX
    Cyclonedx,
    /// The feed of issues
    Atom,
    /// Everything in the tracker's own form
    JsonLines,
    /// All of these, and the digests of every file
    All,
}

/// Writes the files.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let (settings, public) = options.surroundings.read()?;
    // The address of `serve` where nothing else is said.
    let mut publisher = settings.publisher(&public, ([127, 0, 0, 1], 8080).into())?;
    if let Some(file) = &options.key {
        publisher.key = Some(Arc::new(read_key(file)?));
    }
    let db = database.open()?;
    let bar = Progress::on_terminal().count("exporting", db.public_stamp()?.issues);
    let wish = Wish {
        format: match options.what {
            What::Osv => snowguard_tracker_web::Format::Osv,
            What::Csaf => snowguard_tracker_web::Format::Csaf,
            What::Openvex => snowguard_tracker_web::Format::OpenVex,
            What::Cyclonedx => snowguard_tracker_web::Format::CycloneDx,
            What::Atom => snowguard_tracker_web::Format::Atom,
            What::JsonLines => snowguard_tracker_web::Format::JsonLines,
            What::All => snowguard_tracker_web::Format::All,
        },
        since: options.since,
        publisher: &publisher,
        progress: &|| bar.advance(1),
    };
    let written = write_files(&db, wish, &options.out)
        .with_context(|| format!("exporting to {}", options.out.display()))?;
    drop(bar);
    match options.format {
        output::Format::Json => output::json(&written)?,
        output::Format::Text => {
            let signed = match &publisher.key {
                Some(key) => format!("signed by {}", key.public().id()),
                None => "not signed".to_owned(),
            };
            output::text(format_args!(
                "{}: {} issues, {} files written, {} unchanged, {signed}\n",
                options.out.display(),
                thousands(written.issues),
                thousands(written.files),
                thousands(written.unchanged),
            ))?;
            if let Some(cursor) = written.cursor {
                output::text(format_args!("next time: --since {cursor}\n"))?;
            }
        }
    }
    Ok(Outcome::Fine)
}
