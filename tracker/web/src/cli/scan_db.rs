//! `export-scan-db` and `signing-key`: what `snowguard scan` needs to know, in one signed file.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use snowguard_advisory_file::{AdvisoryFile, Dictionaries, SecretKey};
use snowguard_tracker_db::Millis;
use snowguard_tracker_ingest::{Progress, scan_db};
use snowguard_tracker_web::replace_file;
use zeroize::Zeroizing;

use super::output::{self, Format, thousands};
use super::{Database, Outcome};

/// What to write, and with which key.
#[derive(Debug, Args)]
pub struct Export {
    /// Where the file goes; replaced at once when it is whole
    to: PathBuf,
    /// File with the secret key that signs it, as `signing-key` or `nix-store
    /// --generate-binary-cache-key` writes it; only its owner may be able to read it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// In which form to say what was done
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A key to make.
#[derive(Debug, Args)]
pub struct SigningKey {
    /// The key's name, such as tracker.example.org-1
    name: String,
    /// Where the secret half goes; a file that is not there yet
    to: PathBuf,
}

/// A secret key file has one line of about 120 bytes.
const MAX_KEY_FILE: u64 = 4096;

/// Writes the file.
pub fn export(database: &Database, options: &Export) -> Result<Outcome> {
    let key = read_key(&options.key)?;
    let db = database.open()?;
    let bar = Progress::on_terminal().count("exporting", db.counts()?.advisories);
    let now = Millis::new(jiff::Timestamp::now().as_millisecond());
    let before = dictionaries(&options.to, &key);
    let (bytes, exported) =
        scan_db::export(&db, &key, before, now, |more| bar.advance(more)).context("exporting")?;
    replace_file(&options.to, &bytes)
        .with_context(|| format!("writing {}", options.to.display()))?;
    match options.format {
        Format::Json => output::json(exported)?,
        Format::Text => output::text(format_args!(
            "{}: serial {}, {} advisories, {} packages, {} rulings, {} bytes, signed by {}\n",
            options.to.display(),
            exported.serial,
            thousands(exported.advisories),
            thousands(exported.packages),
            thousands(exported.rulings),
            thousands(exported.bytes),
            key.public(),
        ))?,
    }
    Ok(Outcome::Fine)
}

/// Makes a key: the secret half into a file, the public half to standard output.
pub fn signing_key(options: &SigningKey) -> Result<Outcome> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(seed.as_mut()))
        .context("reading random bytes from /dev/urandom")?;
    let key = SecretKey::from_seed(&options.name, &seed)
        .with_context(|| format!("making a key named {:?}", options.name))?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&options.to)
        .and_then(|mut file| {
            file.write_all(key.to_text().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        })
        .with_context(|| format!("writing {}", options.to.display()))?;
    output::text(format_args!("{}\n", key.public()))?;
    Ok(Outcome::Fine)
}

/// Those of the file that is replaced, where it is ours and made for the same matcher. Anything
/// else there costs the next update a whole download and nothing more.
fn dictionaries(path: &Path, key: &SecretKey) -> Option<Dictionaries> {
    let bytes = fs::read(path).ok()?;
    let file = AdvisoryFile::open(&bytes, &[key.public()]).ok()?;
    Some(file.dictionaries())
}

fn read_key(path: &Path) -> Result<SecretKey> {
    let read = || -> Result<SecretKey> {
        let file = File::open(path)?;
        let mode = file.metadata()?.mode();
        if mode & 0o077 != 0 {
            bail!(
                "others than its owner may use it (mode {:o}); make it 600 or 400",
                mode & 0o777
            );
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_KEY_FILE).read_to_string(&mut text)?;
        Ok(SecretKey::parse(&text)?)
    };
    read().with_context(|| format!("reading the secret key {}", path.display()))
}
