-- Documents (records, packages, matches) are packed: one byte with the number of the zstd
-- dictionary (0: none), then a zstd frame. Times are milliseconds since the Unix epoch, UTC.
-- An advisory's number is derived from its CVE id (year * 2^32 + number); other ids get a small
-- number in advisory_name. Lists of 64-bit numbers are little-endian, 8 bytes each.

CREATE TABLE setting (
  name text COLLATE "C" PRIMARY KEY,         -- what is kept, e.g. "matcher"
  value text COLLATE "C" NOT NULL            -- its value
);

CREATE TABLE tally (
  name text COLLATE "C" PRIMARY KEY,         -- what is counted, e.g. "advisories"
  value bigint NOT NULL                      -- how many there are, kept in step by each write
);

CREATE TABLE dictionary (
  id bigint PRIMARY KEY,                     -- 1..=255, the first byte of a packed document
  kind text COLLATE "C" NOT NULL,            -- what it was trained on: "record:cve-list", "package" …
  body bytea NOT NULL                        -- zstd dictionary
);

CREATE TABLE feed (
  id bigint PRIMARY KEY,                     -- number of a configured source
  name text COLLATE "C" NOT NULL UNIQUE,     -- stable name, e.g. "cvelist:/path"
  kind text COLLATE "C" NOT NULL,            -- FeedKind
  etag text COLLATE "C",                     -- HTTP ETag of what was read last
  last_modified text COLLATE "C",            -- HTTP Last-Modified of what was read last
  digest bytea,                              -- BLAKE3 of what was read last
  cursor text COLLATE "C"                    -- where to resume; opaque to the database
);

CREATE TABLE run (
  id bigint PRIMARY KEY,                     -- number of one reading of a feed
  feed bigint NOT NULL REFERENCES feed (id), -- the feed
  started bigint NOT NULL,                   -- when it began
  finished bigint,                           -- when it ended; null while it runs or when it was killed
  counts text COLLATE "C",                   -- RunCounts as JSON
  error text COLLATE "C"                     -- why it failed; null when it did not
);
CREATE INDEX run_feed ON run (feed, id);

CREATE TABLE quarantine (
  feed bigint NOT NULL REFERENCES feed (id), -- where it came from
  record text COLLATE "C" NOT NULL,          -- id of the record, or its place in the file
  file text COLLATE "C" NOT NULL,            -- file or URL
  place bigint NOT NULL,                     -- byte offset in the file
  reason text COLLATE "C" NOT NULL,          -- why it could not be read
  digest bytea NOT NULL,                     -- SHA-256 of its bytes
  first_seen bigint NOT NULL,                -- when it came first
  last_seen bigint NOT NULL,                 -- when it came last with other bytes
  times bigint NOT NULL,                     -- how many different contents were refused
  PRIMARY KEY (feed, record)
);

CREATE TABLE record (
  id bigint PRIMARY KEY,                     -- number, also the rowid in record_search
  source bigint NOT NULL,                    -- 0 CVE list, 1 NVD, 2 OSV, 3 vendor
  name text COLLATE "C" NOT NULL,            -- the source's own id; for vendors "publisher/id"
  state bigint NOT NULL,                     -- 0 published, 1 rejected, 2 withdrawn
  published bigint,                          -- when the source says it was published
  modified bigint,                           -- when the source says it was changed
  severity bigint NOT NULL,                  -- highest CVSS base score times 10, 0 when there is none
  title text COLLATE "C" NOT NULL,           -- one line for lists
  digest bytea NOT NULL,                     -- BLAKE3 of raw JSON and model: decides whether it changed
  body bytea NOT NULL,                       -- packed: raw JSON; where it does not suffice, a zero byte and the model
  advisories bytea NOT NULL,                 -- its rows in advisory_record: list of advisory numbers
  origin text COLLATE "C" NOT NULL,          -- file#offset it was read from
  run bigint NOT NULL,                       -- run that wrote it
  first_seen bigint NOT NULL,                -- when it was first stored
  changed bigint NOT NULL,                   -- when its content last changed
  UNIQUE (source, name)
);

CREATE TABLE record_change (
  record bigint NOT NULL,                    -- record.id
  number bigint NOT NULL,                    -- 1, 2, 3 … in the order of the changes
  at bigint NOT NULL,                        -- when the change was stored
  run bigint NOT NULL,                       -- run that brought it
  whole bigint NOT NULL,                     -- 1: body is the older document; 0: body is the patch to it
  body bytea NOT NULL,                       -- packed: RFC 6902 patch from the newer to the older JSON
  PRIMARY KEY (record, number)
);

CREATE TABLE advisory_name (
  id bigint PRIMARY KEY,                     -- number of an advisory whose id is not a CVE id
  name text COLLATE "C" NOT NULL UNIQUE      -- its id
);

CREATE TABLE advisory_record (
  advisory bigint NOT NULL,                  -- advisory number
  record bigint NOT NULL,                    -- record.id
  PRIMARY KEY (advisory, record)
);

CREATE TABLE dirty (
  advisory bigint PRIMARY KEY,               -- advisory that must be matched again
  stamp bigint NOT NULL                      -- grows with each marking
);

CREATE TABLE kev (
  advisory bigint PRIMARY KEY,               -- advisory number
  body text COLLATE "C" NOT NULL             -- model::Kev as JSON
);

CREATE TABLE epss (
  advisory bigint PRIMARY KEY,               -- advisory number
  score double precision NOT NULL,           -- probability 0..=1
  percentile double precision NOT NULL,      -- 0..=1
  day text COLLATE "C" NOT NULL              -- YYYY-MM-DD on which it changed to this
);

CREATE TABLE channel (
  id bigint PRIMARY KEY,                     -- number
  name text COLLATE "C" NOT NULL UNIQUE      -- e.g. "nixos-unstable"
);

CREATE TABLE evaluation (
  id bigint PRIMARY KEY,                     -- number; grows with each load
  channel bigint NOT NULL REFERENCES channel (id), -- the channel
  revision text COLLATE "C" NOT NULL,        -- git revision, or whatever names the state
  evaluated_at bigint,                       -- when it was evaluated
  loaded_at bigint NOT NULL,                 -- when it was loaded
  run bigint,                                -- run that loaded it
  attributes bigint NOT NULL,                -- how many attributes it holds
  digest bytea NOT NULL,                     -- SHA-256 over the sorted digests of its packages
  pruned bigint NOT NULL DEFAULT 0           -- 1: its content was given up, and cannot be read back
);
CREATE INDEX evaluation_channel ON evaluation (channel, id);

CREATE TABLE attribute (
  id bigint PRIMARY KEY,                     -- number, also the rowid in attribute_search
  name text COLLATE "C" NOT NULL UNIQUE,     -- attribute path
  pname text COLLATE "C" NOT NULL,           -- pname in lower case, as last loaded from any channel
  text_digest bytea NOT NULL                 -- digest of its text in attribute_search
);
CREATE INDEX attribute_pname ON attribute (pname);

CREATE TABLE package (
  id bigint PRIMARY KEY,                     -- number
  channel bigint NOT NULL REFERENCES channel (id), -- the channel
  attribute bigint NOT NULL REFERENCES attribute (id), -- the attribute
  since bigint NOT NULL,                     -- first evaluation with this content
  until bigint,                              -- first evaluation without it; null while it is current
  digest bytea NOT NULL,                     -- first 16 bytes of the SHA-256 of the package's JSON
  body bytea NOT NULL,                       -- packed: matching::Package as JSON
  keys bytea NOT NULL                        -- its rows in package_key while it is current: list of keys
);
CREATE UNIQUE INDEX package_current ON package (channel, attribute) WHERE until IS NULL;
CREATE INDEX package_past ON package (channel, until) WHERE until IS NOT NULL;
CREATE INDEX package_attribute ON package (attribute, channel, since);

CREATE TABLE package_key (
  key bigint NOT NULL,                       -- matching::keys::Key
  package bigint NOT NULL,                   -- package.id of a current row
  PRIMARY KEY (key, package)
);

CREATE TABLE match_set (
  advisory bigint NOT NULL,                  -- advisory number
  channel bigint NOT NULL,                   -- channel.id
  tier bigint NOT NULL,                      -- best tier among the affected: 0 high, 1 medium, 2 low; 9 none
  first_seen bigint NOT NULL,                -- newest first_seen among the affected of that tier
  severity bigint NOT NULL,                  -- highest CVSS base score times 10 when it was matched
  body bytea NOT NULL,                       -- packed: all matches with their reasons as JSON
  PRIMARY KEY (advisory, channel)
);
CREATE INDEX match_set_newest ON match_set (channel, tier, first_seen, severity, advisory);

CREATE TABLE match_row (
  attribute bigint NOT NULL,                 -- attribute.id
  channel bigint NOT NULL,                   -- channel.id
  rank bigint NOT NULL,                      -- order on a package's page: tier, verdict, severity
  advisory bigint NOT NULL,                  -- advisory number
  first_seen bigint NOT NULL,                -- since when the verdict stands
  PRIMARY KEY (attribute, channel, rank, advisory)
);

CREATE TABLE alias_source (
  id bigint PRIMARY KEY,                     -- number
  name text COLLATE "C" NOT NULL UNIQUE,     -- e.g. "purl2cpe"
  licence text COLLATE "C" NOT NULL,         -- SPDX expression
  digest bytea NOT NULL,                     -- SHA-256 over its facts in order
  loaded_at bigint NOT NULL                  -- when it was last changed
);

CREATE TABLE alias_fact (
  source bigint NOT NULL REFERENCES alias_source (id), -- who says so
  kind text COLLATE "C" NOT NULL,            -- what is tied to what, e.g. "purl-cpe"
  lhs text COLLATE "C" NOT NULL,             -- left side
  rhs text COLLATE "C" NOT NULL,             -- right side
  PRIMARY KEY (kind, lhs, rhs, source)
);
CREATE INDEX alias_fact_rhs ON alias_fact (kind, rhs);

-- The text is tokenised by the tracker (the same for both databases), so the vectors hold bare
-- words: no positions, no weights.
CREATE TABLE record_search (
  id bigint PRIMARY KEY,                       -- record.id
  head tsvector NOT NULL,                      -- words of ids, products and title
  body tsvector NOT NULL                       -- these, and words of the description
);
CREATE INDEX record_search_head ON record_search USING gin (head);
CREATE INDEX record_search_body ON record_search USING gin (body);

CREATE TABLE attribute_search (
  id bigint PRIMARY KEY,                       -- attribute.id
  head tsvector NOT NULL,                      -- words of attribute path and pname
  body tsvector NOT NULL                       -- these, and words of the description
);
CREATE INDEX attribute_search_head ON attribute_search USING gin (head);
CREATE INDEX attribute_search_body ON attribute_search USING gin (body);

-- Packed documents are compressed already.
ALTER TABLE record ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE record_change ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE package ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE match_set ALTER COLUMN body SET STORAGE EXTERNAL;
