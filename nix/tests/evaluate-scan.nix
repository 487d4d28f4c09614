# Evaluates the scanner's module with the stand-in of `lib.nix`; `settings` is JSON for
# `services.snowguard-scan`.
{ settings }:

let
  lib = import ./lib.nix;
  given = builtins.fromJSON settings;
  module = import ../modules/scan.nix {
    inherit lib;
    pkgs.snowguard = "/nix/store/00000000000000000000000000000000-snowguard";
    config.services.snowguard-scan = lib.merge (lib.defaults module.options.services.snowguard-scan) given;
  };
  config = lib.plain module.config;
in
if config == { } then
  null
else
  {
    failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
    keys = config.environment.etc."snowguard/scan-keys".text;
    update = config.systemd.services.snowguard-scan-update.serviceConfig;
    watch = config.systemd.services.snowguard-scan-watch.serviceConfig or null;
    timer = config.systemd.timers.snowguard-scan-update.timerConfig;
  }
