-- Work that some process does: claimed with a lease, so that one that dies holds nothing up.
CREATE TABLE job (
  id INTEGER PRIMARY KEY,                     -- number
  kind TEXT NOT NULL,            -- what to do, e.g. "publish"
  name TEXT NOT NULL,            -- what to do it with; one open job of a kind and name
  body TEXT NOT NULL,            -- JSON
  due INTEGER NOT NULL,                       -- not before
  attempts INTEGER NOT NULL,                  -- how often it was begun
  lease INTEGER,                              -- claimed until; null: free
  worker TEXT,                   -- who claimed it
  failed TEXT,                   -- why the last attempt failed
  ended INTEGER                               -- when it was done or given up; null while it is open
);
CREATE UNIQUE INDEX job_open ON job (kind, name) WHERE ended IS NULL;
CREATE INDEX job_due ON job (due, id) WHERE ended IS NULL;

CREATE TABLE subscription (
  id INTEGER PRIMARY KEY,                     -- number
  person INTEGER NOT NULL REFERENCES person (id), -- whose
  body TEXT NOT NULL,            -- triage::Subscription as JSON
  secret BLOB NOT NULL,                     -- key that signs what goes to its web hook
  created INTEGER NOT NULL,                   -- when it was made
  digested INTEGER NOT NULL                   -- up to when its digests are made
);
CREATE INDEX subscription_person ON subscription (person);

CREATE TABLE event (
  id INTEGER PRIMARY KEY,                     -- number, grows
  at INTEGER NOT NULL,                        -- when
  kind TEXT NOT NULL,            -- "affected", "published", "changed", "resolved"
  subject TEXT NOT NULL,         -- advisory or issue that it is about
  body TEXT NOT NULL             -- JSON: attributes, channels, severity, exploited
);

CREATE TABLE notification (
  id INTEGER PRIMARY KEY,                     -- number
  person INTEGER NOT NULL REFERENCES person (id), -- whose
  subscription INTEGER,                       -- subscription that asked for it; it may be gone
  event INTEGER NOT NULL,                     -- event.id
  at INTEGER NOT NULL,                        -- when
  cadence TEXT NOT NULL,         -- triage::Cadence: when it goes out
  sent INTEGER,                               -- when it went out by mail or web hook, or had not to
  read INTEGER                                -- when its owner saw it in the tracker
);
CREATE UNIQUE INDEX notification_event ON notification (person, event);
CREATE INDEX notification_unread ON notification (person, id) WHERE read IS NULL;
CREATE INDEX notification_unsent ON notification (subscription, id) WHERE sent IS NULL;

CREATE TABLE hook_delivery (
  id TEXT PRIMARY KEY,           -- GitHub's number of a delivery that was taken
  at INTEGER NOT NULL                         -- when
);
CREATE INDEX hook_delivery_at ON hook_delivery (at);
