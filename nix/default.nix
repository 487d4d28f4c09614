# For use without flakes: `(import ./nix).overlay`, `(import ./nix).nixosModules.boot`.
{
  overlay = import ./overlay.nix;
  nixosModules.boot = ./modules/boot.nix;
}
