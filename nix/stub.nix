# The firmware stub, as `cargo xtask stub` makes it: with a toolchain that has no target for EFI.
{
  lib,
  rustPlatform,
  lld,
}:

let
  # It stands outside of the workspace, with crates of its own.
  firmwareCrates = rustPlatform.importCargoLock { lockFile = ../boot/stub/firmware/Cargo.lock; };
in
rustPlatform.buildRustPackage {
  pname = "snowguard-stub";
  version = "0.1.0";

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.difference ../. (lib.fileset.maybeMissing ../target);
  };
  cargoLock.lockFile = ../Cargo.lock;

  # All crates in one folder, which cargo takes in the place of the registry.
  prePatch = ''
    cp -rnL ${firmwareCrates}/. "$(cd "$NIX_BUILD_TOP" && realpath "$cargoDepsCopy")"
  '';

  # The toolchain of nixpkgs has no linker of its own beside it.
  env.SNOWGUARD_LLD = "${lld}/bin/ld.lld";

  buildPhase = ''
    runHook preBuild
    cargo run --offline --release --package xtask -- stub
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    install -D -m 444 target/stub/snowguard-stub.efi "$out/share/snowguard/snowguard-stub.efi"
    runHook postInstall
  '';

  # `cargo xtask check` boots it in machines.
  doCheck = false;
  # It is no program of this system: nothing here knows how to strip or patch it.
  dontFixup = true;

  meta = {
    description = "The firmware program that boots only what its signed image pins";
    license = lib.licenses.mit;
    platforms = [ "x86_64-linux" ];
  };
}
