CREATE TABLE lesson (
  advisory bigint PRIMARY KEY,               -- advisory number
  products text COLLATE "C" NOT NULL,        -- JSON list of vendor:product that it names
  repositories text COLLATE "C" NOT NULL     -- JSON list of repositories that it links
);

CREATE TABLE lookup_key (
  key bigint NOT NULL,                       -- matching::keys::Key by which the advisory looked for packages
  advisory bigint NOT NULL,                  -- advisory number
  PRIMARY KEY (key, advisory)
);

CREATE TABLE lookup (
  advisory bigint PRIMARY KEY,               -- advisory number
  keys bytea NOT NULL                        -- its rows in lookup_key: list of keys
);
