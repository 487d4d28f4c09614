# Adds `snowguard` to a package set.
final: _previous: {
  snowguard = final.callPackage ./package.nix { };
}
