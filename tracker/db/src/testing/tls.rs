//! A PostgreSQL server that takes encrypted connections alone, with an authority of its own.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use super::{
    Programs, chown, describe, make_folder, own_uid, programs_folder, run, unprivileged_user,
};

/// A server on a port of this machine; stopped with this value.
#[derive(Debug)]
pub struct TlsServer {
    /// Its port on 127.0.0.1; the certificate is for `localhost`.
    pub port: u16,
    /// The authority's certificate, as PEM.
    pub authority: PathBuf,
    folder: PathBuf,
}

/// Starts the server.
///
/// # Errors
/// As [`super::postgres`]; also when the `openssl` command is missing.
pub fn tls_server() -> Result<TlsServer, String> {
    let programs = programs_folder().ok_or("PostgreSQL's programs are not installed")?;
    let user = if own_uid()? == 0 {
        Some(unprivileged_user()?)
    } else {
        None
    };
    let programs = Programs {
        folder: programs,
        user,
    };
    let folder = std::env::temp_dir().join(format!("snowguard-test-tls-{}", std::process::id()));
    make_folder(&folder)?;
    let (data, keys) = (folder.join("data"), folder.join("keys"));
    make_folder(&data)?;
    make_folder(&keys)?;
    certify(&keys)?;
    for path in [&folder, &data, &keys, &keys.join("server.key")] {
        if let Some(user) = &programs.user {
            chown(path, Some(user.uid), Some(user.gid))
                .map_err(|failed| describe(path, &failed))?;
        }
    }
    let mut initdb = programs.command("initdb");
    initdb.arg("-D").arg(&data);
    initdb.args([
        "-U",
        "tester",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    ]);
    run(&mut initdb)?;
    let only_encrypted = "hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n";
    let rules = data.join("pg_hba.conf");
    fs::write(&rules, only_encrypted).map_err(|failed| describe(&rules, &failed))?;
    let port = TcpListener::bind(("127.0.0.1", 0))
        .and_then(|free| free.local_addr())
        .map_err(|failed| describe("127.0.0.1", &failed))?
        .port();
    let settings = format!(
        "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off -c ssl=on \
         -c ssl_cert_file='{keys}/server.crt' -c ssl_key_file='{keys}/server.key'",
        keys = keys.display()
    );
    let mut start = programs.command("pg_ctl");
    start
        .arg("-D")
        .arg(&data)
        .arg("-l")
        .arg(data.join("server.log"));
    start.args(["-w", "-t", "60", "-o", &settings, "start"]);
    // Who holds its output open would wait for the server's end.
    start.stdout(Stdio::null()).stderr(Stdio::null());
    run(&mut start)?;
    Ok(TlsServer {
        port,
        authority: keys.join("ca.crt"),
        folder,
    })
}

/// An authority, and a certificate by it for `localhost`.
fn certify(keys: &std::path::Path) -> Result<(), String> {
    let curve = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
    ];
    let mut authority = Command::new("openssl");
    authority
        .args(["req", "-x509"])
        .args(curve)
        .args(["-subj", "/CN=Test authority"]);
    authority.args(["-keyout", "ca.key", "-out", "ca.crt"]);
    let mut server = Command::new("openssl");
    server.args(["req", "-x509"]).args(curve).args([
        "-subj",
        "/CN=localhost",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
    ]);
    server.args([
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    server.args(["-keyout", "server.key", "-out", "server.crt"]);
    for command in [&mut authority, &mut server] {
        run(command.current_dir(keys).stdin(Stdio::null()))?;
    }
    Ok(())
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let Ok(user) = unprivileged_user() else {
            return;
        };
        let Some(folder) = programs_folder() else {
            return;
        };
        let user = (own_uid() == Ok(0)).then_some(user);
        let mut stop = Programs { folder, user }.command("pg_ctl");
        stop.arg("-D").arg(self.folder.join("data"));
        // What cannot be stopped or removed must not fail a test.
        let _ = run(stop.args(["-m", "immediate", "-w", "stop"]));
        let _ = fs::remove_dir_all(&self.folder);
    }
}
