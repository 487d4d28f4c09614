//! Watching: scanning again whenever the system or the advisory file changes, and telling of what is
//! new.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use clap::Args;
use snowguard_scan::watch::{News, Notifier, Seen, Webhook};

use super::exit::Outcome;
use super::trust::{Trust, cache_folder};

/// What to watch, and whom to tell.
#[derive(Debug, Args)]
pub struct Options {
    /// What is scanned
    #[arg(default_value = "/run/current-system", value_name = "TARGET")]
    target: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// File with findings to set aside; may be given again
    #[arg(long, value_name = "FILE")]
    suppress: Vec<PathBuf>,
    /// Where it is kept what was told already [default: $STATE_DIRECTORY/seen.json, then
    /// $XDG_CACHE_HOME/snowguard/seen.json]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Scan once and end, as a timer wants it
    #[arg(long)]
    once: bool,
    /// Look for changes every so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
    /// Show news on the desktop, through notify-send
    #[arg(long)]
    desktop: bool,
    /// Post news as JSON to this address
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// File with a secret; posts are then signed in the header X-Snowguard-Signature, as
    /// sha256=HMAC of the body
    #[arg(long, value_name = "FILE", requires = "webhook")]
    webhook_secret: Option<PathBuf>,
    /// Let the webhook's address be a private one
    #[arg(long, requires = "webhook")]
    webhook_private: bool,
    /// Run this program with news as JSON on its standard input
    #[arg(long, value_name = "PROGRAM")]
    command: Option<PathBuf>,
}

/// A secret has at most this many bytes.
const SECRET: u64 = 4096;

/// Watches until it is ended.
pub fn run(options: &Options) -> Result<Outcome> {
    let notifier = notifier(options)?;
    let state = state(options)?;
    let mut last = None;
    loop {
        let signs = signs(options);
        if last.as_ref() != Some(&signs) {
            match scan(options) {
                Ok(report) => {
                    let news = Seen::read(&state).take(&report, &state)?;
                    tell(&notifier, &news);
                    last = Some(signs);
                }
                Err(error) if options.once => return Err(error),
                // A store that is being changed, a file that is being replaced: look again.
                Err(error) => eprintln!("<4>{error:#}"),
            }
        }
        if options.once {
            return Ok(Outcome::Clean);
        }
        std::thread::sleep(Duration::from_secs(options.every));
    }
}

/// What tells that something changed: where the target leads, and the advisory file's and the Nix
/// database's last changes.
type Signs = (Option<PathBuf>, Vec<Option<(SystemTime, u64)>>);

fn signs(options: &Options) -> Signs {
    let of = |path: &Path| {
        let found = fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    let mut files = vec![of(&options.trust.file())];
    files.extend(options.suppress.iter().map(|path| of(path)));
    (fs::canonicalize(&options.target).ok(), files)
}

/// A scan in a process of its own, which confines itself.
fn scan(options: &Options) -> Result<Vec<u8>> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(own);
    command.args(["--format", "json", "--fail-on", "never"]);
    options.trust.pass_on(&mut command);
    for path in &options.suppress {
        command.arg("--suppress").arg(path);
    }
    let output = command
        .arg("--")
        .arg(&options.target)
        .output()
        .context("starting a scan")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

fn state(options: &Options) -> Result<PathBuf> {
    if let Some(state) = &options.state {
        return Ok(state.clone());
    }
    let service = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let folder = service
        .or_else(cache_folder)
        .context("there is no folder for what was seen: set HOME, or give --state")?;
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder.join("seen.json"))
}

fn notifier(options: &Options) -> Result<Notifier> {
    let secret = match &options.webhook_secret {
        None => None,
        Some(path) => {
            let found =
                fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
            if found.len() > SECRET {
                bail!("{} has more than {SECRET} bytes", path.display());
            }
            let secret = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            let secret = secret.trim_ascii().to_vec();
            if secret.is_empty() {
                bail!("{} is empty", path.display());
            }
            Some(secret)
        }
    };
    let webhook = match &options.webhook {
        None => None,
        Some(url) => Some(Webhook::new(url, secret, options.webhook_private)?),
    };
    Ok(Notifier {
        desktop: options.desktop,
        webhook,
        command: options.command.clone(),
    })
}

fn tell(notifier: &Notifier, news: &News) {
    // `<N>` is the priority that systemd's journal reads at the start of a line (sd-daemon(3)).
    for line in news.lines() {
        eprintln!("{line}");
    }
    for error in notifier.tell(news) {
        eprintln!("<4>{error}");
    }
}
