# The programs, from this checkout, and the firmware stub beside them.
{
  lib,
  rustPlatform,
  stdenv,
  snowguard-stub,
}:

rustPlatform.buildRustPackage {
  pname = "snowguard";
  version = "0.1.0";

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.difference ../. (lib.fileset.maybeMissing ../target);
  };
  cargoLock.lockFile = ../Cargo.lock;

  # The front door finds the programs of the pillars beside itself.
  cargoBuildFlags = [
    "--package=snowguard"
    "--package=snowguard-boot"
    "--package=snowguard-scan"
  ];

  # Where the NixOS module looks for it. There is one for x86-64 only.
  postInstall = lib.optionalString stdenv.hostPlatform.isx86_64 ''
    install -D -m 444 ${snowguard-stub}/share/snowguard/snowguard-stub.efi \
      "$out/share/snowguard/snowguard-stub.efi"
  '';

  # The tests need firmware, a TPM emulator and a PostgreSQL server; `cargo xtask check` runs them.
  doCheck = false;

  meta = {
    description = "Supply-chain security for Nixpkgs and NixOS";
    license = lib.licenses.mit;
    mainProgram = "snowguard";
    platforms = lib.platforms.linux;
  };
}
