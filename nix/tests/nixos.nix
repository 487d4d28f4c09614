# Evaluates the module in a whole NixOS: every module, package and assertion is real. `nixpkgs` is its folder, `settings`
# JSON for `boot.snowguard`.
{
  nixpkgs,
  settings,
}:

let
  snowguard = import ../.;
  inherit
    (import "${nixpkgs}/nixos/lib/eval-config.nix" {
      system = "x86_64-linux";
      modules = [
        snowguard.nixosModules.boot
        {
          nixpkgs.overlays = [ snowguard.overlay ];
          fileSystems."/" = {
            device = "/dev/disk/by-label/root";
            fsType = "ext4";
          };
          fileSystems."/boot" = {
            device = "/dev/disk/by-label/boot";
            fsType = "vfat";
          };
          boot.snowguard = builtins.fromJSON settings;
          system.stateVersion = "26.05";
        }
      ];
    })
    config
    ;
in
{
  install = config.system.build.installBootLoader;
  failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
  bless = config.systemd.services.snowguard-bless.serviceConfig.ExecStart or null;
  unit = config.systemd.units."snowguard-bless.service".text;
  others = [
    config.boot.loader.grub.enable
    config.boot.loader.systemd-boot.enable
    config.systemd.services.systemd-bless-boot.enable
  ];
  # What is to be built, as derivations: the program and, in its environment, the stub.
  package = config.boot.snowguard.package.drvPath;
}
