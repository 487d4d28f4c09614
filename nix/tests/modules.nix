# Evaluates the module with nixpkgs' own module system: types are checked, defaults and priorities are real. `lib` is
# a folder with nixpkgs' `lib`. What NixOS itself declares stands in below, by name and type.
{
  lib,
  settings,
}:

let
  nixpkgs = import lib;
  inherit (nixpkgs) mkOption types;
  free = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };
  text = default: mkOption {
    type = types.str;
    inherit default;
  };
  switch = mkOption {
    type = types.bool;
    default = true;
  };
  nixos = {
    options = {
      assertions = mkOption {
        type = types.listOf types.unspecified;
        default = [ ];
      };
      environment.systemPackages = mkOption {
        type = types.listOf types.anything;
        default = [ ];
      };
      system = {
        build = mkOption {
          type = types.lazyAttrsOf types.unspecified;
          default = { };
        };
        boot.loader.id = text "";
      };
      systemd = {
        package = text "/nix/store/11111111111111111111111111111111-systemd";
        services = free;
      };
      boot = {
        loader = {
          grub.enable = switch;
          systemd-boot.enable = switch;
          efi.efiSysMountPoint = text "/boot";
          timeout = mkOption {
            type = types.nullOr types.int;
            default = 5;
          };
        };
      };
    };
    config._module.args.pkgs = {
      snowguard = "/nix/store/00000000000000000000000000000000-snowguard";
      stdenv.hostPlatform.efiArch = "x64";
    };
  };
  inherit (nixpkgs.evalModules {
    modules = [
      nixos
      ../modules/boot.nix
      { boot.snowguard = builtins.fromJSON settings; }
    ];
  }) config;
in
{
  install = config.system.build.installBootLoader;
  failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
  bless = config.systemd.services.snowguard-bless.serviceConfig.ExecStart or null;
  loaders = [
    config.boot.loader.grub.enable
    config.boot.loader.systemd-boot.enable
  ];
}
