CREATE TABLE exposure (
  channel bigint NOT NULL REFERENCES channel (id), -- the channel
  advisory bigint NOT NULL,                  -- advisory that affects something in it, tied in tier high or medium
  opened bigint NOT NULL,                    -- since when: the evaluation's time or the advisory's publication, the later one
  closed bigint,                             -- time of the evaluation that is not affected any more; null while it is open
  severity bigint NOT NULL,                  -- highest CVSS base score times 10 when it was matched last
  evaluation bigint NOT NULL,                -- evaluation.id in which it was seen first
  PRIMARY KEY (channel, advisory, opened)
);
CREATE INDEX exposure_open ON exposure (advisory) WHERE closed IS NULL;

INSERT INTO exposure (channel, advisory, opened, closed, severity, evaluation)
  SELECT channel, advisory, first_seen, NULL, severity,
    coalesce((SELECT max(evaluation.id) FROM evaluation WHERE evaluation.channel = match_set.channel), 0)
  FROM match_set WHERE tier <= 1;
