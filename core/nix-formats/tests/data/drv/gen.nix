let
  base = { system = "x86_64-linux"; builder = "/bin/sh"; };
  fixed = derivation (base // { name = "fixed-flat"; outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; });
  fixedNar = derivation (base // { name = "fixed-nar"; outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; });
  fixedSha1 = derivation (base // { name = "fixed-sha1"; outputHashMode = "recursive"; outputHashAlgo = "sha1"; outputHash = "da39a3ee5e6b4b0d3255bfef95601890afd80709"; });
  fixedMd5 = derivation (base // { name = "fixed-md5.tar"; outputHashAlgo = "md5"; outputHash = "d41d8cd98f00b204e9800998ecf8427e"; });
  fixedSha512 = derivation (base // { name = "fixed-sha512"; outputHashAlgo = "sha512"; outputHash = builtins.hashString "sha512" ""; });
  floating = derivation (base // { name = "floating"; __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputs = [ "out" "dev" ]; });
  impure = derivation (base // { name = "impure"; __impure = true; });
  deferred = derivation (base // { name = "deferred"; dep = floating.dev; });
  structured = derivation (base // { name = "structured"; __structuredAttrs = true; outputs = [ "out" "lib" ]; list = [ 1 2.5 true null "a\nb" ]; nested = { "key with space" = "\"quoted\" \\ back"; unicode = "grüße"; }; src = fixed; });
  strings = derivation (base // { name = "strings"; args = [ "" "-c" "tab\there\nnewline\rreturn \"quote\" \\backslash\\\\ \${dollar}" "umlaut ü" ]; "weird name" = "x"; empty = ""; latin1 = builtins.readFile ./latin1.txt; control = builtins.fromJSON ''"\u0001\u007f"''; src = ./gen.nix; inputs = [ fixed fixedNar structured.lib structured.out ]; outputs = [ "out" "bin" "doc" ]; });
in [ fixed fixedNar fixedSha1 fixedMd5 fixedSha512 floating impure deferred structured strings ]
