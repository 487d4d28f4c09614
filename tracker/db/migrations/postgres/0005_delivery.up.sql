-- Work that some process does: claimed with a lease, so that one that dies holds nothing up.
CREATE TABLE job (
  id bigint PRIMARY KEY,                     -- number
  kind text COLLATE "C" NOT NULL,            -- what to do, e.g. "publish"
  name text COLLATE "C" NOT NULL,            -- what to do it with; one open job of a kind and name
  body text COLLATE "C" NOT NULL,            -- JSON
  due bigint NOT NULL,                       -- not before
  attempts bigint NOT NULL,                  -- how often it was begun
  lease bigint,                              -- claimed until; null: free
  worker text COLLATE "C",                   -- who claimed it
  failed text COLLATE "C",                   -- why the last attempt failed
  ended bigint                               -- when it was done or given up; null while it is open
);
CREATE UNIQUE INDEX job_open ON job (kind, name) WHERE ended IS NULL;
CREATE INDEX job_due ON job (due, id) WHERE ended IS NULL;

CREATE TABLE subscription (
  id bigint PRIMARY KEY,                     -- number
  person bigint NOT NULL REFERENCES person (id), -- whose
  body text COLLATE "C" NOT NULL,            -- triage::Subscription as JSON
  secret bytea NOT NULL,                     -- key that signs what goes to its web hook
  created bigint NOT NULL,                   -- when it was made
  digested bigint NOT NULL                   -- up to when its digests are made
);
CREATE INDEX subscription_person ON subscription (person);

CREATE TABLE event (
  id bigint PRIMARY KEY,                     -- number, grows
  at bigint NOT NULL,                        -- when
  kind text COLLATE "C" NOT NULL,            -- "affected", "published", "changed", "resolved"
  subject text COLLATE "C" NOT NULL,         -- advisory or issue that it is about
  body text COLLATE "C" NOT NULL             -- JSON: attributes, channels, severity, exploited
);

CREATE TABLE notification (
  id bigint PRIMARY KEY,                     -- number
  person bigint NOT NULL REFERENCES person (id), -- whose
  subscription bigint,                       -- subscription that asked for it; it may be gone
  event bigint NOT NULL,                     -- event.id
  at bigint NOT NULL,                        -- when
  cadence text COLLATE "C" NOT NULL,         -- triage::Cadence: when it goes out
  sent bigint,                               -- when it went out by mail or web hook, or had not to
  read bigint                                -- when its owner saw it in the tracker
);
CREATE UNIQUE INDEX notification_event ON notification (person, event);
CREATE INDEX notification_unread ON notification (person, id) WHERE read IS NULL;
CREATE INDEX notification_unsent ON notification (subscription, id) WHERE sent IS NULL;

CREATE TABLE hook_delivery (
  id text COLLATE "C" PRIMARY KEY,           -- GitHub's number of a delivery that was taken
  at bigint NOT NULL                         -- when
);
CREATE INDEX hook_delivery_at ON hook_delivery (at);
