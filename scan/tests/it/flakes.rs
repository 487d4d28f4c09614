//! A flake's output, evaluated by a real Nix without a network.

use std::process::Command;

use crate::stage::{Stage, text};

const FLAKE: &str = r#"{
  outputs = { self }: {
    packages.x86_64-linux.openssl = derivation {
      name = "openssl-3.0.13";
      pname = "openssl";
      version = "3.0.13";
      system = "x86_64-linux";
      builder = "/bin/sh";
      patches = [ ];
    };
  };
}
"#;

#[test]
fn a_local_flake_is_evaluated_and_scanned() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Err(error) = Command::new("nix")
        .arg("--version")
        .env("PATH", &path)
        .output()
    {
        assert!(std::env::var_os("CI").is_none(), "nix is missing");
        println!("left out: a flake evaluated by Nix: nix: {error}");
        return;
    }
    let stage = Stage::new();
    std::fs::create_dir(stage.path("flake")).unwrap();
    stage.put("flake/flake.nix", FLAKE);
    let key = stage.key.public().to_string();
    let flake = stage.path("flake").display().to_string();
    let root = stage.path("root").display().to_string();
    let scan = |attribute: &str| {
        let output = stage
            .command(stage.folder.path())
            .env("PATH", &path)
            .env("NIX_REMOTE", format!("local?root={root}"))
            .env("NIX_CONF_DIR", stage.path("conf"))
            .env(
                "NIX_CONFIG",
                "build-users-group =\nsandbox = false\noffline = true",
            )
            .args(["--db", "advisories", "--trusted-key", &key, "--root", &root])
            .arg(format!("path:{flake}#{attribute}"))
            .output();
        text(&output.unwrap())
    };
    let (out, err, code) = scan("packages.x86_64-linux.openssl");
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("openssl-3.0.13"), "{out}");
    assert!(!out.contains("its patches are not known"), "{out}");
    let (_, err, code) = scan("packages.x86_64-linux.nothing");
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("nix says") && err.contains("nothing"), "{err}");
}
