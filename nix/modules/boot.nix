# `boot.snowguard`: Secure Boot with own keys, installed by `snowguard boot install`.
#
# `system.build.installBootLoader` is the program with its arguments, as one string. NixOS runs it
# with the system's path behind: `switch-to-configuration` splits the string at blanks (the older one, in
# Perl, gives it to a shell), so that no argument may hold a blank or a character that a shell looks at;
# an assertion sees to that. There is no script in between.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib)
    mkEnableOption
    mkIf
    mkOption
    types
    ;

  cfg = config.boot.snowguard;
  program = "${cfg.package}/bin/snowguard-boot";

  option = name: value: lib.optionals (value != null) [
    name
    (toString value)
  ];

  partitions = [
    "--esp"
    cfg.efiSystemPartition
  ]
  ++ option "--xbootldr" cfg.extendedBootLoaderPartition;

  arguments = [
    program
    "install"
  ]
  ++ partitions
  ++ [
    "--stub"
    "${cfg.stub}"
    "--systemd-boot"
    "${cfg.systemdBoot}"
    "--console-mode"
    cfg.consoleMode
  ]
  ++ option "--key" cfg.signer.keyFile
  ++ option "--certificate" cfg.signer.certificateFile
  ++ cfg.signer.extraArguments
  ++ option "--policy-key" cfg.pcrPolicy.keyFile
  ++ option "--policy-certificate" cfg.pcrPolicy.certificateFile
  ++ option "--limit" cfg.configurationLimit
  ++ option "--timeout" config.boot.loader.timeout
  ++ lib.optionals cfg.bootCounting.enable [
    "--tries"
    (toString cfg.bootCounting.tries)
  ]
  ++ lib.optional cfg.editor "--editor";

  plain = argument: builtins.match "[A-Za-z0-9/._:=+@%,-]+" argument != null;
in
{
  options.boot.snowguard = {
    enable = mkEnableOption "Secure Boot with the machine's own keys through Snowguard";

    package = mkOption {
      type = types.package;
      default = pkgs.snowguard;
      defaultText = lib.literalExpression "pkgs.snowguard";
      description = "The package with the program `snowguard-boot`.";
    };

    stub = mkOption {
      type = types.path;
      default = "${cfg.package}/share/snowguard/snowguard-stub.efi";
      defaultText = lib.literalExpression "the one of config.boot.snowguard.package";
      description = "The firmware stub around which images are built.";
    };

    systemdBoot = mkOption {
      type = types.path;
      default = "${config.systemd.package}/lib/systemd/boot/efi/systemd-boot${pkgs.stdenv.hostPlatform.efiArch}.efi";
      defaultText = lib.literalExpression "the one of config.systemd.package";
      description = "systemd-boot, which is signed and installed.";
    };

    efiSystemPartition = mkOption {
      type = types.str;
      default = config.boot.loader.efi.efiSysMountPoint;
      defaultText = lib.literalExpression "config.boot.loader.efi.efiSysMountPoint";
      description = "Where the EFI system partition is mounted.";
    };

    extendedBootLoaderPartition = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/boot";
      description = "Where the extended boot loader partition is mounted, if there is one. Images, kernels and initrds go there.";
    };

    signer = {
      keyFile = mkOption {
        type = types.nullOr types.str;
        default = "/var/lib/snowguard/secure-boot/keys/db/db.key";
        description = ''
          The private key (PEM). A string and not a path, so that it never gets into the store. Set it to
          `null` and name another signer in `extraArguments`.
        '';
      };

      certificateFile = mkOption {
        type = types.nullOr types.str;
        default = "/var/lib/snowguard/secure-boot/keys/db/db.pem";
        description = "The key's certificate.";
      };

      extraArguments = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Further arguments that name the signer: a token or a machine that signs.";
      };
    };

    pcrPolicy = {
      keyFile = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "/var/lib/snowguard/policy/keys/db/db.key";
        description = ''
          A private RSA key (PEM) that signs, for each generation, what PCR 11 will hold. A disk that is sealed to
          this key (`systemd-cryptenroll --tpm2-public-key=`) opens for every generation, and an update locks nothing.
          Better not the key that signs images: whoever has this one can open the disk on this machine.
        '';
      };

      certificateFile = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The certificate of the policies' key, also where that is on a token (`signer.extraArguments`).";
      };
    };

    configurationLimit = mkOption {
      type = types.nullOr types.ints.positive;
      default = null;
      example = 10;
      description = ''
        How many generations to keep, newest first; all if `null`. The one that is booted and the one that was
        last good stay besides.
      '';
    };

    bootCounting = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = ''
          Whether a new generation is on trial until it has come up. One that fails `tries` times is passed
          over, and the machine falls back to the last good one by itself.
        '';
      };

      tries = mkOption {
        type = types.ints.positive;
        default = 3;
        description = "How often a new generation is tried.";
      };

      blessAfter = mkOption {
        type = types.listOf types.str;
        default = [ "multi-user.target" ];
        description = "What must be up before a boot counts as good.";
      };
    };

    consoleMode = mkOption {
      type = types.str;
      default = "keep";
      description = "Resolution of the boot menu: `keep`, `max`, `auto`, or a mode's number.";
    };

    editor = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the menu lets people edit command lines. The stub refuses edited ones under Secure Boot all the same.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = builtins.all plain arguments;
        message = "boot.snowguard: no blank and no special character may stand in ${
          lib.concatMapStringsSep ", " builtins.toJSON (builtins.filter (argument: !plain argument) arguments)
        }";
      }
      {
        assertion = cfg.signer.keyFile == null || cfg.signer.certificateFile != null;
        message = "boot.snowguard.signer: a key needs its certificate (certificateFile).";
      }
      {
        assertion = !(lib.hasPrefix builtins.storeDir (toString cfg.signer.keyFile));
        message = "boot.snowguard.signer.keyFile is in the Nix store, where everybody can read it.";
      }
      {
        assertion = cfg.pcrPolicy.keyFile == null || cfg.pcrPolicy.certificateFile != null;
        message = "boot.snowguard.pcrPolicy: a key needs its certificate (certificateFile).";
      }
      {
        assertion = !(lib.hasPrefix builtins.storeDir (toString cfg.pcrPolicy.keyFile));
        message = "boot.snowguard.pcrPolicy.keyFile is in the Nix store, where everybody can read it.";
      }
    ];

    # Exactly one boot loader.
    boot.loader.grub.enable = lib.mkDefault false;
    boot.loader.systemd-boot.enable = lib.mkForce false;

    system.build.installBootLoader = lib.mkForce (lib.concatStringsSep " " arguments);
    system.boot.loader.id = "snowguard";

    environment.systemPackages = [ cfg.package ];

    # systemd's own would rename the entry, which FAT may lose.
    systemd.services.systemd-bless-boot.enable = lib.mkForce false;

    systemd.services.snowguard-bless = mkIf cfg.bootCounting.enable {
      description = "Tell the boot loader that this boot went well";
      wantedBy = [ "multi-user.target" ];
      after = cfg.bootCounting.blessAfter ++ [ "boot-complete.target" ];
      requires = [ "boot-complete.target" ];
      unitConfig = {
        DefaultDependencies = false;
        ConditionPathExists = "/sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
        RequiresMountsFor = [ cfg.efiSystemPartition ] ++ lib.optional (cfg.extendedBootLoaderPartition != null) cfg.extendedBootLoaderPartition;
      };
      conflicts = [ "shutdown.target" ];
      before = [ "shutdown.target" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = lib.concatStringsSep " " (
          [
            program
            "bless"
          ]
          ++ partitions
        );
        # It needs the boot partition and the firmware's variables, and nothing else.
        CapabilityBoundingSet = "CAP_DAC_OVERRIDE CAP_FOWNER";
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateNetwork = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        ReadWritePaths = [ cfg.efiSystemPartition ] ++ lib.optional (cfg.extendedBootLoaderPartition != null) cfg.extendedBootLoaderPartition;
        RestrictAddressFamilies = "none";
        RestrictNamespaces = true;
        RestrictRealtime = true;
        SystemCallArchitectures = "native";
        SystemCallFilter = "@system-service";
      };
    };
  };
}
