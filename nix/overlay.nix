# Adds `snowguard`, and the stub that it comes with, to a package set.
final: _previous: {
  snowguard = final.callPackage ./package.nix { };
  snowguard-stub = final.callPackage ./stub.nix { };
}
