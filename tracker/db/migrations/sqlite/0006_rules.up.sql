CREATE TABLE rule_effect (
  rule INTEGER NOT NULL,                      -- rule.id
  advisory INTEGER NOT NULL,                  -- advisory number
  made INTEGER NOT NULL,                      -- packages that only the rule ties to it, over all channels
  prevented INTEGER NOT NULL,                 -- packages that would be tied to it without rules, over all channels
  PRIMARY KEY (rule, advisory)
);
CREATE INDEX rule_effect_advisory ON rule_effect (advisory);

ALTER TABLE maintainer ADD COLUMN listed INTEGER NOT NULL DEFAULT 1; -- 1: of Nixpkgs' list; 0: only a channel's packages name them
