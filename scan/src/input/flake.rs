//! A flake's output, evaluated by Nix.

use std::process::Command;

use snowguard_nix_formats::{StoreDir, StorePath};

use super::InputError;

/// Whether a target is written as a flake's output: `nixpkgs#hello`, `.#nixosConfigurations.x`.
#[must_use]
pub fn is_flake(target: &str) -> bool {
    !target.starts_with('-')
        && (target.contains('#') || target.starts_with("flake:") || target.starts_with("github:"))
}

/// Evaluates to derivations. Nothing is built.
pub(super) fn derivations(target: &str, store: &StoreDir) -> Result<Vec<StorePath>, InputError> {
    let failed = |reason: String| InputError::Flake {
        target: target.to_owned(),
        reason,
    };
    let output = Command::new("nix")
        .args([
            "--extra-experimental-features",
            "nix-command flakes",
            "path-info",
            "--derivation",
            "--",
            target,
        ])
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => failed(
                "it takes Nix to evaluate a flake, and there is no `nix` in PATH; where there is \
                 one, `nix path-info --json -r` or `nix derivation show -r` writes a file that can \
                 be scanned here"
                    .to_owned(),
            ),
            _ => failed(format!("nix cannot be run: {error}")),
        })?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = error.lines().rev().take(6).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        return Err(failed(format!("nix says: {}", last.join("\n"))));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // Newer versions print `PATH^*`.
        let path = line.split('^').next().unwrap_or(line);
        let path = StorePath::from_absolute(path, store)
            .map_err(|error| failed(format!("nix printed {line:?}: {error}")))?;
        found.push(path);
    }
    if found.is_empty() {
        return Err(failed("nix names no derivation for it".to_owned()));
    }
    Ok(found)
}
