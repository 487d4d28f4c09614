ALTER TABLE maintainer DROP COLUMN listed;
DROP TABLE rule_effect;
