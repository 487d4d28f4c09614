-- Documents (records, packages, matches) are packed: one byte with the number of the zstd
-- dictionary (0: none), then a zstd frame. Times are milliseconds since the Unix epoch, UTC.
-- An advisory's number is derived from its CVE id (year * 2^32 + number); other ids get a small
-- number in advisory_name. Lists of 64-bit numbers are little-endian, 8 bytes each.

CREATE TABLE setting (
  name TEXT PRIMARY KEY,            -- what is kept, e.g. "matcher"
  value TEXT NOT NULL               -- its value
) WITHOUT ROWID;

CREATE TABLE tally (
  name TEXT PRIMARY KEY,            -- what is counted, e.g. "advisories"
  value INTEGER NOT NULL            -- how many there are, kept in step by each write
) WITHOUT ROWID;

CREATE TABLE dictionary (
  id INTEGER PRIMARY KEY,           -- 1..=255, the first byte of a packed document
  kind TEXT NOT NULL,               -- what it was trained on: "record:cve-list", "package" …
  body BLOB NOT NULL                -- zstd dictionary
);

CREATE TABLE feed (
  id INTEGER PRIMARY KEY,           -- number of a configured source
  name TEXT NOT NULL UNIQUE,        -- stable name, e.g. "cvelist:/path"
  kind TEXT NOT NULL,               -- FeedKind
  etag TEXT,                        -- HTTP ETag of what was read last
  last_modified TEXT,               -- HTTP Last-Modified of what was read last
  digest BLOB,                      -- BLAKE3 of what was read last
  cursor TEXT                       -- where to resume; opaque to the database
);

CREATE TABLE run (
  id INTEGER PRIMARY KEY,           -- number of one reading of a feed
  feed INTEGER NOT NULL REFERENCES feed (id), -- the feed
  started INTEGER NOT NULL,         -- when it began
  finished INTEGER,                 -- when it ended; null while it runs or when it was killed
  counts TEXT,                      -- RunCounts as JSON
  error TEXT                        -- why it failed; null when it did not
);
CREATE INDEX run_feed ON run (feed, id);

CREATE TABLE quarantine (
  feed INTEGER NOT NULL REFERENCES feed (id), -- where it came from
  record TEXT NOT NULL,             -- id of the record, or its place in the file
  file TEXT NOT NULL,               -- file or URL
  place INTEGER NOT NULL,           -- byte offset in the file
  reason TEXT NOT NULL,             -- why it could not be read
  digest BLOB NOT NULL,             -- SHA-256 of its bytes
  first_seen INTEGER NOT NULL,      -- when it came first
  last_seen INTEGER NOT NULL,       -- when it came last with other bytes
  times INTEGER NOT NULL,           -- how many different contents were refused
  PRIMARY KEY (feed, record)
) WITHOUT ROWID;

CREATE TABLE record (
  id INTEGER PRIMARY KEY,           -- number, also the rowid in record_search
  source INTEGER NOT NULL,          -- 0 CVE list, 1 NVD, 2 OSV, 3 vendor
  name TEXT NOT NULL,               -- the source's own id; for vendors "publisher/id"
  state INTEGER NOT NULL,           -- 0 published, 1 rejected, 2 withdrawn
  published INTEGER,                -- when the source says it was published
  modified INTEGER,                 -- when the source says it was changed
  severity INTEGER NOT NULL,        -- highest CVSS base score times 10, 0 when there is none
  title TEXT NOT NULL,              -- one line for lists
  digest BLOB NOT NULL,             -- BLAKE3 of raw JSON and model: decides whether it changed
  body BLOB NOT NULL,               -- packed: raw JSON; where it does not suffice, a zero byte and the model
  advisories BLOB NOT NULL,         -- its rows in advisory_record: list of advisory numbers
  origin TEXT NOT NULL,             -- file#offset it was read from
  run INTEGER NOT NULL,             -- run that wrote it
  first_seen INTEGER NOT NULL,      -- when it was first stored
  changed INTEGER NOT NULL,         -- when its content last changed
  UNIQUE (source, name)
);

CREATE TABLE record_change (
  record INTEGER NOT NULL,          -- record.id
  number INTEGER NOT NULL,          -- 1, 2, 3 … in the order of the changes
  at INTEGER NOT NULL,              -- when the change was stored
  run INTEGER NOT NULL,             -- run that brought it
  whole INTEGER NOT NULL,           -- 1: body is the older document; 0: body is the patch to it
  body BLOB NOT NULL,               -- packed: RFC 6902 patch from the newer to the older JSON
  PRIMARY KEY (record, number)
) WITHOUT ROWID;

CREATE TABLE advisory_name (
  id INTEGER PRIMARY KEY,           -- number of an advisory whose id is not a CVE id
  name TEXT NOT NULL UNIQUE         -- its id
);

CREATE TABLE advisory_record (
  advisory INTEGER NOT NULL,        -- advisory number
  record INTEGER NOT NULL,          -- record.id
  PRIMARY KEY (advisory, record)
) WITHOUT ROWID;

CREATE TABLE dirty (
  advisory INTEGER PRIMARY KEY,     -- advisory that must be matched again
  stamp INTEGER NOT NULL            -- grows with each marking
);

CREATE TABLE kev (
  advisory INTEGER PRIMARY KEY,     -- advisory number
  body TEXT NOT NULL                -- model::Kev as JSON
);

CREATE TABLE epss (
  advisory INTEGER PRIMARY KEY,     -- advisory number
  score REAL NOT NULL,              -- probability 0..=1
  percentile REAL NOT NULL,         -- 0..=1
  day TEXT NOT NULL                 -- YYYY-MM-DD on which it changed to this
);

CREATE TABLE channel (
  id INTEGER PRIMARY KEY,           -- number
  name TEXT NOT NULL UNIQUE         -- e.g. "nixos-unstable"
);

CREATE TABLE evaluation (
  id INTEGER PRIMARY KEY,           -- number; grows with each load
  channel INTEGER NOT NULL REFERENCES channel (id), -- the channel
  revision TEXT NOT NULL,           -- git revision, or whatever names the state
  evaluated_at INTEGER,             -- when it was evaluated
  loaded_at INTEGER NOT NULL,       -- when it was loaded
  run INTEGER,                      -- run that loaded it
  attributes INTEGER NOT NULL,      -- how many attributes it holds
  digest BLOB NOT NULL,             -- SHA-256 over the sorted digests of its packages
  pruned INTEGER NOT NULL DEFAULT 0 -- 1: its content was given up, and cannot be read back
);
CREATE INDEX evaluation_channel ON evaluation (channel, id);

CREATE TABLE attribute (
  id INTEGER PRIMARY KEY,           -- number, also the rowid in attribute_search
  name TEXT NOT NULL UNIQUE,        -- attribute path
  pname TEXT NOT NULL,              -- pname in lower case, as last loaded from any channel
  text_digest BLOB NOT NULL         -- digest of its text in attribute_search
);
CREATE INDEX attribute_pname ON attribute (pname);

CREATE TABLE package (
  id INTEGER PRIMARY KEY,           -- number
  channel INTEGER NOT NULL REFERENCES channel (id), -- the channel
  attribute INTEGER NOT NULL REFERENCES attribute (id), -- the attribute
  since INTEGER NOT NULL,           -- first evaluation with this content
  until INTEGER,                    -- first evaluation without it; null while it is current
  digest BLOB NOT NULL,             -- first 16 bytes of the SHA-256 of the package's JSON
  body BLOB NOT NULL,               -- packed: matching::Package as JSON
  keys BLOB NOT NULL                -- its rows in package_key while it is current: list of keys
);
CREATE UNIQUE INDEX package_current ON package (channel, attribute) WHERE until IS NULL;
CREATE INDEX package_past ON package (channel, until) WHERE until IS NOT NULL;
CREATE INDEX package_attribute ON package (attribute, channel, since);

CREATE TABLE package_key (
  key INTEGER NOT NULL,             -- matching::keys::Key
  package INTEGER NOT NULL,         -- package.id of a current row
  PRIMARY KEY (key, package)
) WITHOUT ROWID;

CREATE TABLE match_set (
  advisory INTEGER NOT NULL,        -- advisory number
  channel INTEGER NOT NULL,         -- channel.id
  tier INTEGER NOT NULL,            -- best tier among the affected: 0 high, 1 medium, 2 low; 9 none
  first_seen INTEGER NOT NULL,      -- newest first_seen among the affected of that tier
  severity INTEGER NOT NULL,        -- highest CVSS base score times 10 when it was matched
  body BLOB NOT NULL,               -- packed: all matches with their reasons as JSON
  PRIMARY KEY (advisory, channel)
) WITHOUT ROWID;
CREATE INDEX match_set_newest ON match_set (channel, tier, first_seen, severity, advisory);

CREATE TABLE match_row (
  attribute INTEGER NOT NULL,       -- attribute.id
  channel INTEGER NOT NULL,         -- channel.id
  rank INTEGER NOT NULL,            -- order on a package's page: tier, verdict, severity
  advisory INTEGER NOT NULL,        -- advisory number
  first_seen INTEGER NOT NULL,      -- since when the verdict stands
  PRIMARY KEY (attribute, channel, rank, advisory)
) WITHOUT ROWID;

CREATE TABLE alias_source (
  id INTEGER PRIMARY KEY,           -- number
  name TEXT NOT NULL UNIQUE,        -- e.g. "purl2cpe"
  licence TEXT NOT NULL,            -- SPDX expression
  digest BLOB NOT NULL,             -- SHA-256 over its facts in order
  loaded_at INTEGER NOT NULL        -- when it was last changed
);

CREATE TABLE alias_fact (
  source INTEGER NOT NULL REFERENCES alias_source (id), -- who says so
  kind TEXT NOT NULL,               -- what is tied to what, e.g. "purl-cpe"
  lhs TEXT NOT NULL,                -- left side
  rhs TEXT NOT NULL,                -- right side
  PRIMARY KEY (kind, lhs, rhs, source)
) WITHOUT ROWID;
CREATE INDEX alias_fact_rhs ON alias_fact (kind, rhs);

-- The text is tokenised by the tracker (the same for both databases), so the plainest tokeniser
-- will do; nothing but the inverted index is kept.
CREATE VIRTUAL TABLE record_search USING fts5 (
  head, body,
  content = '', contentless_delete = 1, detail = column, tokenize = 'ascii'
);
CREATE VIRTUAL TABLE attribute_search USING fts5 (
  head, body,
  content = '', contentless_delete = 1, detail = column, tokenize = 'ascii'
);
