//! The boot pillar's figure: signing a unified kernel image, beside what hashing it takes.

use std::process::Command;

use anyhow::{Context, Result};

use super::figures::{Figure, Quantity};
use super::{json_line, measure};
use crate::workspace::Workspace;

/// The signer crate's own benchmark: SHA-256, signing, and sbsign on the same bytes.
pub fn figures(workspace: &Workspace) -> Result<Vec<Figure>> {
    let mut command = Command::new("cargo");
    command
        .args(["bench", "--locked", "-p", "snowguard-boot-signer"])
        .args(["--bench", "sign"])
        .current_dir(workspace.root());
    let told = json_line(&measure::run(&mut command)?.stdout)?;
    let seconds = |name: &str| told[name].as_f64().map(|milliseconds| milliseconds / 1e3);
    let sha256 = seconds("sha256_ms").context("no sha256_ms in the result")?;
    let sign = seconds("sign_ms").context("no sign_ms in the result")?;
    let on = format!("{} bytes in memory, RSA 2048, median of 15", told["bytes"]);
    let figure = |what: &str, measured: Quantity, reach: Option<Quantity>| Figure {
        what: what.to_owned(),
        measured,
        reach,
        on: on.clone(),
    };
    let mut figures = vec![
        figure(
            "sign a unified kernel image, beside SHA-256 over it",
            Quantity::Times(sign / sha256),
            Some(Quantity::Times(1.2)),
        ),
        figure("— signing", Quantity::Seconds(sign), None),
        figure("— SHA-256 alone", Quantity::Seconds(sha256), None),
    ];
    if let Some(sbsign) = seconds("sbsign_ms") {
        let what = "— sbsign, whole process, from and to files";
        figures.push(figure(what, Quantity::Seconds(sbsign), None));
    }
    Ok(figures)
}
