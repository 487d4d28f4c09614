# `services.snowguard-scan`: keeps the advisory file up to date and tells of advisories that are new to
# this machine. The scan itself is offline; only the update and the webhook reach the network.
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

  cfg = config.services.snowguard-scan;
  program = "${cfg.package}/bin/snowguard-scan";
  # A folder of its own: systemd gives a state folder with all that is in it to the service's user,
  # and /var/lib/snowguard may hold keys.
  file = "/var/lib/snowguard/scan/advisories";
  user = "snowguard-scan";

  option = name: value: lib.optionals (value != null) [
    name
    (toString value)
  ];

  # systemd reads % and $ in a command line itself.
  plain = argument: builtins.match "[A-Za-z0-9/._:=+@,?&#~-]+" argument != null;

  update = [
    program
    "update"
    "--db"
    file
    "--shared"
  ];

  watch = [
    program
    "watch"
    "--db"
    file
    "--state"
    "/var/lib/snowguard/scan-watch/seen.json"
    "--every"
    (toString cfg.watch.every)
  ]
  ++ builtins.concatMap (path: [
    "--suppress"
    (toString path)
  ]) cfg.suppressions
  ++ option "--webhook" cfg.watch.webhook.url
  ++ lib.optional cfg.watch.webhook.allowPrivate "--webhook-private"
  ++ option "--command" cfg.watch.command;

  # The service sees a copy that systemd makes for it alone.
  secret = cfg.watch.webhook.secretFile;
  withSecret = lib.optionals (secret != null) [
    "--webhook-secret"
    "%d/webhook"
  ];

  # The system's own list, with the authorities that its administrator added.
  roots = lib.optional (cfg.certificates != null) "SSL_CERT_FILE=${cfg.certificates}";

  reachesNetwork = cfg.watch.webhook.url != null || cfg.watch.command != null;

  # What neither service needs.
  hardened = {
    User = user;
    Group = user;
    CapabilityBoundingSet = "";
    AmbientCapabilities = "";
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    NoNewPrivileges = true;
    PrivateDevices = true;
    PrivateMounts = true;
    PrivateTmp = true;
    PrivateUsers = true;
    ProcSubset = "pid";
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectProc = "invisible";
    ProtectSystem = "strict";
    RemoveIPC = true;
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
    # The scan confines itself further, by Landlock and a filter of its own. systemd before 253 has no
    # group with the calls that it needs for this.
    SystemCallFilter = [
      "@system-service"
      "~@privileged @resources"
      "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp"
    ];
    UMask = "0077";
  };
in
{
  options.services.snowguard-scan = {
    enable = mkEnableOption "the advisory file of Snowguard's scanner, and watching this machine";

    package = mkOption {
      type = types.package;
      default = pkgs.snowguard;
      defaultText = lib.literalExpression "pkgs.snowguard";
      description = "The package with the program `snowguard-scan`.";
    };

    url = mkOption {
      type = types.str;
      example = "https://tracker.example.org/advisories";
      description = "Where the advisory file is fetched from.";
    };

    trustedKeys = mkOption {
      type = types.listOf types.str;
      example = [ "tracker.example.org-1:SJtGnAJoxH91hmuPibtwf2z80FEgWHb2Pkeo+8BmiSE=" ];
      description = "Keys that may have signed it, as `snowguard tracker signing-key` prints them.";
    };

    certificates = mkOption {
      type = types.nullOr types.str;
      default = "/etc/ssl/certs/ca-certificates.crt";
      description = ''
        File with the certificates of the authorities that servers may have theirs from, for the update and the
        webhook. null for the list that the program brings along.
      '';
    };

    updateAt = mkOption {
      type = types.str;
      default = "hourly";
      description = "When it is fetched (systemd.time(7)). Only what changed is fetched.";
    };

    suppressions = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files with findings to set aside.";
    };

    watch = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether the machine is scanned whenever it or the advisory file changes.";
      };

      every = mkOption {
        type = types.ints.positive;
        default = 60;
        description = "How often to look for changes, in seconds.";
      };

      webhook = {
        url = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Where news are posted to, as JSON.";
        };

        secretFile = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "File with the secret that posts are signed with; a string, so that it never gets into the store.";
        };

        allowPrivate = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the webhook's address may be a private one.";
        };
      };

      command = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "A program that gets news as JSON on its standard input.";
      };
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = builtins.all plain watch;
        message = "services.snowguard-scan: no blank and no character that systemd expands may stand in ${
          lib.concatMapStringsSep ", " builtins.toJSON (builtins.filter (argument: !plain argument) watch)
        }";
      }
      {
        assertion = cfg.trustedKeys != [ ];
        message = "services.snowguard-scan.trustedKeys: without a key nothing is believed.";
      }
      {
        assertion = !(lib.hasPrefix builtins.storeDir (toString cfg.watch.webhook.secretFile));
        message = "services.snowguard-scan.watch.webhook.secretFile is in the Nix store, where everybody can read it.";
      }
    ];

    environment.systemPackages = [ cfg.package ];
    environment.etc."snowguard/scan-keys".text = lib.concatMapStringsSep "" (key: key + "\n") cfg.trustedKeys;
    environment.etc."snowguard/scan-url".text = cfg.url + "\n";

    users.users.${user} = {
      isSystemUser = true;
      group = user;
      description = "Snowguard's scanner";
    };
    users.groups.${user} = { };

    systemd.services.snowguard-scan-update = {
      description = "Fetch what changed of the advisory file";
      after = [ "network-online.target" ];
      wants = [ "network-online.target" ];
      serviceConfig = hardened // {
        Type = "oneshot";
        ExecStart = lib.concatStringsSep " " update;
        Environment = roots;
        StateDirectory = "snowguard/scan";
        # Everybody may read the file; only this user writes it.
        StateDirectoryMode = "0755";
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_UNIX"
        ];
      };
    };

    systemd.timers.snowguard-scan-update = {
      description = "Fetch what changed of the advisory file, time and again";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = cfg.updateAt;
        OnBootSec = "2min";
        RandomizedDelaySec = "10min";
        Persistent = true;
      };
    };

    systemd.services.snowguard-scan-watch = mkIf cfg.watch.enable {
      description = "Tell of advisories that are new to this machine";
      wantedBy = [ "multi-user.target" ];
      serviceConfig = hardened // {
        ExecStart = lib.concatStringsSep " " (watch ++ withSecret);
        LoadCredential = lib.optional (secret != null) "webhook:${secret}";
        Restart = "on-failure";
        RestartSec = "30s";
        StateDirectory = "snowguard/scan-watch";
        StateDirectoryMode = "0700";
        CacheDirectory = "snowguard-scan";
        CacheDirectoryMode = "0700";
        Environment = [ "XDG_CACHE_HOME=/var/cache/snowguard-scan" ] ++ roots;
        MemoryMax = "1G";
        PrivateNetwork = !reachesNetwork;
        IPAddressDeny = lib.optional (!reachesNetwork) "any";
        RestrictAddressFamilies =
          if reachesNetwork then
            [
              "AF_INET"
              "AF_INET6"
              "AF_UNIX"
            ]
          else
            "none";
      };
    };
  };
}
