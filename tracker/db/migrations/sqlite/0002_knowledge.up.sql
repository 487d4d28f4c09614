CREATE TABLE lesson (
  advisory INTEGER PRIMARY KEY,     -- advisory number
  products TEXT NOT NULL,           -- JSON list of vendor:product that it names
  repositories TEXT NOT NULL        -- JSON list of repositories that it links
);

CREATE TABLE lookup_key (
  key INTEGER NOT NULL,             -- matching::keys::Key by which the advisory looked for packages
  advisory INTEGER NOT NULL,        -- advisory number
  PRIMARY KEY (key, advisory)
) WITHOUT ROWID;

CREATE TABLE lookup (
  advisory INTEGER PRIMARY KEY,     -- advisory number
  keys BLOB NOT NULL                -- its rows in lookup_key: list of keys
);
