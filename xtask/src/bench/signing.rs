//! The boot pillar's figures: signing a unified kernel image, beside what hashing it takes; and the stub beside
//! systemd's.

use anyhow::{Context, Result};

use super::figures::{Figure, Quantity};
use super::{json_line, measure};
use crate::workspace::Workspace;

/// The signer crate's own benchmark: SHA-256, signing, and sbsign on the same bytes.
pub fn figures(workspace: &Workspace) -> Result<Vec<Figure>> {
    let mut command = crate::workspace::cargo();
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

/// The test machines' own benchmark: processor time of the emulator from the start of a stub to the kernel's first words.
pub fn stub_figures(workspace: &Workspace) -> Result<Vec<Figure>> {
    let mut command = crate::workspace::cargo();
    command
        .args(["bench", "--locked", "-p", "snowguard-vm", "--bench", "stub"])
        .current_dir(workspace.root());
    let told = json_line(&measure::run(&mut command)?.stdout)?;
    let seconds = |name: &str| told[name].as_f64().with_context(|| format!("no {name}"));
    let systemd = seconds("systemd_s")?;
    let mut figures = vec![Figure {
        what: "systemd-stub, from its start to the kernel's first words".to_owned(),
        measured: Quantity::Seconds(systemd),
        reach: None,
        on: "an emulated machine with a TPM, median of 5, in turn, processor time".to_owned(),
    }];
    for (what, name) in [
        ("snowguard-stub, the same kernel and initrd", "embedded_s"),
        ("snowguard-stub, kernel and initrd as files", "thin_s"),
    ] {
        let measured = seconds(name)?;
        figures.push(Figure {
            what: format!("{what}, beside systemd-stub"),
            measured: Quantity::Times(measured / systemd),
            reach: Some(Quantity::Times(1.0)),
            on: format!("{measured:.2} s"),
        });
    }
    Ok(figures)
}
