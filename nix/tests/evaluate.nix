# Evaluates the module with the stand-in of `lib.nix`; `settings` is JSON for `boot.snowguard`.
{ settings }:

let
  lib = import ./lib.nix;
  given = builtins.fromJSON settings;
  module = import ../modules/boot.nix {
    inherit lib;
    pkgs = {
      snowguard = "/nix/store/00000000000000000000000000000000-snowguard";
      stdenv.hostPlatform.efiArch = "x64";
    };
    config = {
      systemd.package = "/nix/store/11111111111111111111111111111111-systemd";
      boot = {
        loader = {
          timeout = 5;
          efi.efiSysMountPoint = "/boot";
        };
        snowguard = lib.merge (lib.defaults module.options.boot.snowguard) given;
      };
    };
  };
  config = lib.plain module.config;
in
if config == { } then
  null
else
  {
    install = config.system.build.installBootLoader;
    failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
    bless = config.systemd.services.snowguard-bless.serviceConfig.ExecStart or null;
  }
