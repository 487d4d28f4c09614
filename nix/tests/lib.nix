# As much of nixpkgs' `lib` as `nix/` uses, for evaluating it where nixpkgs is not at hand. It is a
# stand-in: types are not checked, options are not merged, and only `mkIf`, `mkForce` and `mkDefault` are told
# apart. The real thing is an evaluation with nixpkgs.
rec {
  mkOption = attributes: { _type = "option"; } // attributes;
  mkEnableOption = name: mkOption {
    default = false;
    description = "Whether to enable ${name}.";
  };
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkForce = content: { _type = "force"; inherit content; };
  mkDefault = content: { _type = "default"; inherit content; };
  literalExpression = text: { _type = "literalExpression"; inherit text; };

  types = {
    package = "package";
    path = "path";
    str = "str";
    bool = "bool";
    nullOr = of: "nullOr ${of}";
    listOf = of: "listOf ${of}";
    ints.positive = "positive";
  };

  optional = condition: one: if condition then [ one ] else [ ];
  optionals = condition: many: if condition then many else [ ];
  concatStringsSep = builtins.concatStringsSep;
  concatMapStringsSep = separator: f: list: builtins.concatStringsSep separator (map f list);
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;

  # Takes the wrappers away.
  plain =
    value:
    if builtins.isAttrs value then
      if value._type or "" == "if" then
        if value.condition then plain value.content else { }
      else if builtins.elem (value._type or "") [ "force" "default" ] then
        plain value.content
      else
        builtins.mapAttrs (_name: plain) value
    else
      value;

  # What the options are when nobody sets them.
  defaults =
    options:
    if options._type or "" == "option" then
      options.default or null
    else
      builtins.mapAttrs (_name: defaults) options;

  # `over` wins.
  merge =
    under: over:
    under
    // builtins.mapAttrs (
      name: value:
      if builtins.isAttrs value && builtins.isAttrs (under.${name} or null) then
        merge under.${name} value
      else
        value
    ) over;
}
