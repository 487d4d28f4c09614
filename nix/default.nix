# For use without flakes: `(import ./nix).overlay`, `(import ./nix).nixosModules.boot`, `….scan`.
{
  overlay = import ./overlay.nix;
  nixosModules.boot = ./modules/boot.nix;
  nixosModules.scan = ./modules/scan.nix;
}
