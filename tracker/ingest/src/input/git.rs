//! A git repository, read at one commit through the `git` program.
//!
//! Reading blobs rather than the working tree gives exactly one commit's content, also while
//! somebody pulls, and works for bare repositories. A repository is outside data: nothing in its
//! configuration may run a program, and nothing is fetched.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::error::IngestError;

/// A repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    path: PathBuf,
    commit: String,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    pub name: String,
    pub id: String,
}

/// Whether `path` is the top of a work tree, or a bare repository.
pub(super) fn is_repository(path: &Path) -> bool {
    path.join(".git").exists()
        || (path.join("HEAD").is_file()
            && path.join("objects").is_dir()
            && path.join("refs").is_dir())
}

impl Checkout {
    /// The repository at its current commit.
    ///
    /// # Errors
    /// [`IngestError::Git`] when git is missing, refuses, or there is no commit.
    pub fn open(path: &Path) -> Result<Self, IngestError> {
        let mut this = Self {
            path: path.to_path_buf(),
            commit: String::new(),
        };
        let commit = this.run(&["rev-parse", "--verify", "HEAD^{commit}"])?;
        this.commit = String::from_utf8_lossy(&commit).trim().to_owned();
        Ok(this)
    }

    /// The commit, in hexadecimal.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Every file of the commit, sorted by name.
    pub(super) fn files(&self) -> Result<Vec<Blob>, IngestError> {
        let listing = self.run(&["ls-tree", "-r", "-z", "--full-tree", &self.commit])?;
        let parse = |entry: &str| {
            let (data, name) = entry.split_once('\t')?;
            let mut data = data.split(' ');
            let (mode, kind, id) = (data.next()?, data.next()?, data.next()?);
            (mode != LINK && kind == "blob").then(|| Blob {
                name: name.into(),
                id: id.into(),
            })
        };
        Ok(sorted(&listing, parse))
    }

    /// The files that differ from `base`, sorted by name; deleted ones are left out. `None` when
    /// `base` is not in the repository (a shallow clone, rewritten history): read everything.
    pub(super) fn changed_since(&self, base: &str) -> Result<Option<Vec<Blob>>, IngestError> {
        let plain = base.len() >= 40 && base.bytes().all(|byte| byte.is_ascii_hexdigit());
        let spec = format!("{base}^{{commit}}");
        if !plain || self.run(&["cat-file", "-e", &spec]).is_err() {
            return Ok(None);
        }
        let difference = self.run(&[
            "diff-tree",
            "-r",
            "-z",
            "--no-renames",
            "--raw",
            base,
            &self.commit,
        ])?;
        let mut fields = difference.split(|byte| *byte == 0);
        let mut changed = Vec::new();
        while let (Some(data), Some(name)) = (fields.next(), fields.next()) {
            let (Ok(data), Ok(name)) = (std::str::from_utf8(data), std::str::from_utf8(name))
            else {
                continue;
            };
            let mut data = data.trim_start_matches(':').split(' ').skip(1);
            let (Some(mode), _, Some(id)) = (data.next(), data.next(), data.next()) else {
                continue;
            };
            if mode.starts_with("100") {
                changed.push(Blob {
                    name: name.to_owned(),
                    id: id.to_owned(),
                });
            }
        }
        changed.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Some(changed))
    }

    /// A process that hands out blobs.
    pub(super) fn blobs(&self) -> Result<Blobs, IngestError> {
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| self.fail(error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.fail("git gave no pipes"));
        };
        Ok(Blobs {
            child,
            input,
            output: BufReader::with_capacity(128 << 10, output),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.path)
            .args(NO_PROGRAMS)
            .args(arguments);
        for (name, value) in QUIET {
            command.env(name, value);
        }
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_EXTERNAL_DIFF",
        ] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, IngestError> {
        let output = self
            .command(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| self.fail(format!("cannot run git: {error}")))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(self.fail(String::from_utf8_lossy(&output.stderr).trim()))
    }

    fn fail(&self, what: impl ToString) -> IngestError {
        IngestError::Git {
            path: self.path.clone(),
            what: what.to_string(),
        }
    }
}

/// File mode of a symbolic link.
const LINK: &str = "120000";

/// A repository's own configuration must not name programs that run here, nor fetch anything.
const NO_PROGRAMS: [&str; 8] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
    "--no-pager",
    "--no-replace-objects",
];

const QUIET: [(&str, &str); 4] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
];

fn sorted(listing: &[u8], parse: impl Fn(&str) -> Option<Blob>) -> Vec<Blob> {
    let entries = listing.split(|byte| *byte == 0);
    let mut blobs: Vec<Blob> = entries
        .filter_map(|entry| std::str::from_utf8(entry).ok())
        .filter_map(parse)
        .collect();
    blobs.sort_by(|left, right| left.name.cmp(&right.name));
    blobs
}

/// `git cat-file --batch`: ended when dropped.
pub(super) struct Blobs {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Blobs {
    /// Hands the blob's bytes to `read`, and reads past what it leaves.
    pub(super) fn with<T>(
        &mut self,
        id: &str,
        read: impl FnOnce(&mut dyn Read) -> T,
    ) -> io::Result<T> {
        writeln!(self.input, "{id}")?;
        self.input.flush()?;
        let mut header = String::new();
        self.output.by_ref().take(256).read_line(&mut header)?;
        let size = match header.trim_end().split(' ').collect::<Vec<_>>()[..] {
            [_, "blob", size] => size.parse::<u64>().ok(),
            _ => None,
        };
        let Some(size) = size else {
            let what = format!("git has no blob {id}: {}", header.trim_end());
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        };
        let mut body = self.output.by_ref().take(size);
        let result = read(&mut body);
        // The body is followed by a newline.
        let rest = body.limit() + 1;
        let passed = io::copy(&mut self.output.by_ref().take(rest), &mut io::sink())?;
        if passed < rest {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(result)
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // Nothing depends on how the process ends; it only reads.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
