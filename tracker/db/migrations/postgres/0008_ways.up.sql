-- Each subscription that wants a piece of news delivers it by its own ways, in its own time; its owner is told once.
CREATE TABLE delivery (
  news bigint NOT NULL REFERENCES notification (id) ON DELETE CASCADE, -- what is delivered
  subscription bigint NOT NULL,               -- subscription that asked for it; it may be gone
  cadence text COLLATE "C" NOT NULL,         -- triage::Cadence: when it goes out
  sent bigint,                               -- when messages were made of it, or had not to be
  mail bigint NOT NULL DEFAULT 0,             -- 1: it went into this subscription's mail
  hook text COLLATE "C",                     -- web hook into whose message it went
  PRIMARY KEY (news, subscription)
);
CREATE UNIQUE INDEX delivery_mail ON delivery (news) WHERE mail = 1;
CREATE UNIQUE INDEX delivery_hook ON delivery (news, hook) WHERE hook IS NOT NULL;
CREATE INDEX delivery_unsent ON delivery (subscription, news) WHERE sent IS NULL;

INSERT INTO delivery (news, subscription, cadence, sent)
  SELECT id, subscription, cadence, sent FROM notification WHERE subscription IS NOT NULL;

DROP INDEX notification_unsent;
ALTER TABLE notification DROP COLUMN subscription;
ALTER TABLE notification DROP COLUMN cadence;
ALTER TABLE notification DROP COLUMN sent;
