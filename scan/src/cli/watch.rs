//! Watching: scanning again whenever the system or the advisory file changes, and telling of what is
//! new.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use clap::Args;
use snowguard_scan::watch::{News, Notifier, Seen, Wake, Webhook};

use super::exit::{Outcome, sentence};
use super::trust::{Trust, cache_folder};

/// What to watch, and whom to tell.
#[derive(Debug, Args)]
pub struct Options {
    /// What is scanned
    #[arg(default_value = "/run/current-system", value_name = "TARGET")]
    target: PathBuf,
    /// The root folder whose Nix store and database are read
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
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
    /// Look for changes every so many seconds, and scan no more often than that because Nix wrote to
    /// its database; a new system or advisory file is scanned at once where the kernel tells of it
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
    let every = Duration::from_secs(options.every);
    let mut last: Option<(Signs, Instant)> = None;
    loop {
        // The files that matter may have become others.
        let wake = Wake::on(&files(options));
        let signs = Signs::of(options);
        let is_due = match &last {
            None => true,
            Some((seen, _)) if seen.near != signs.near => true,
            Some((seen, when)) => seen.store != signs.store && when.elapsed() >= every,
        };
        if is_due {
            match scan(options) {
                Ok(report) => {
                    let news = Seen::read(&state).take(&report, &state)?;
                    tell(&notifier, &news);
                    last = Some((signs, Instant::now()));
                }
                Err(error) if options.once => return Err(error),
                // A store that is being changed, a file that is being replaced: look again.
                Err(error) => eprintln!("<4>{}", sentence(&error)),
            }
        }
        if options.once {
            return Ok(Outcome::Clean);
        }
        wake.wait(every);
    }
}

/// A file, by what changes with its content.
type Sign = Option<(SystemTime, u64)>;

/// What tells that something changed.
#[derive(Debug, PartialEq, Eq)]
struct Signs {
    /// Where the target leads, and the files that were named.
    near: (Option<PathBuf>, Vec<Sign>),
    /// The Nix database and its log. During a build both change all the time.
    store: [Sign; 2],
}

impl Signs {
    fn of(options: &Options) -> Self {
        let of = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        let named = files(options);
        let database = options.root.join("nix/var/nix/db/db.sqlite");
        let log = database.with_extension("sqlite-wal");
        Self {
            near: (
                // Where it leads; a link whose end is not there (on another's disk) by what it says.
                fs::canonicalize(&options.target)
                    .or_else(|_| fs::read_link(&options.target))
                    .ok(),
                named.iter().map(|path| of(path)).collect(),
            ),
            store: [of(&database), of(&log)],
        }
    }
}

/// The target and the files that were named.
fn files(options: &Options) -> Vec<PathBuf> {
    let mut files = vec![options.target.clone(), options.trust.file()];
    files.extend(options.suppress.iter().cloned());
    files
}

/// A scan in a process of its own, which confines itself.
fn scan(options: &Options) -> Result<Vec<u8>> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(own);
    command.args(["--format", "json", "--fail-on", "never", "--root"]);
    command.arg(&options.root);
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
