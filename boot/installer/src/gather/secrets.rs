//! The secrets of an initrd.
//!
//! A system may name a program that appends secrets to the initrd whose path it is given. It gets an
//! empty file, so that what it appends can be held in memory while the initrd itself is streamed from the
//! store. The file is in a folder that only we can enter, in memory where there is `/run`.

use std::fs::{OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// More is refused.
const LARGEST: u64 = 64 << 20;

/// Runs the program; gives what it appended.
pub fn gather(program: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("secrets: {error}");
    let mut builder = tempfile::Builder::new();
    builder
        .prefix("snowguard-secrets-")
        .permissions(Permissions::from_mode(0o700));
    let run = Path::new("/run");
    // Without root `/run` is closed to us, and there are no secrets to read either.
    let folder = builder
        .tempdir_in(run)
        .or_else(|_| builder.tempdir())
        .map_err(failed)?;
    let initrd = folder.path().join("initrd");
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&initrd)
        .map_err(failed)?;
    let mut command = Command::new(program);
    // The rest of the environment is none of its business: a token's PIN may be in it.
    command.env_clear();
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    let run = command
        .arg(&initrd)
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !run.status.success() {
        // Its messages may hold the path of a secret, never one itself; still only the last line.
        let said = String::from_utf8_lossy(&run.stderr);
        let last: String = said
            .trim_end()
            .lines()
            .next_back()
            .unwrap_or("no message")
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect();
        return Err(format!(
            "{} failed ({}): {last}",
            program.display(),
            run.status
        ));
    }
    let mut secrets = Vec::new();
    let file = std::fs::File::open(&initrd).map_err(failed)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut secrets)
        .map_err(failed)?;
    if secrets.len() as u64 > LARGEST {
        return Err(format!("secrets: over {LARGEST} bytes"));
    }
    Ok(secrets)
}
