CREATE TABLE suggestion (
  advisory INTEGER PRIMARY KEY,               -- advisory number
  state INTEGER NOT NULL,                     -- triage::State
  tier INTEGER NOT NULL,                      -- best tier among the affected in any channel; 9: nothing is affected now
  severity INTEGER NOT NULL,                  -- highest CVSS base score times 10
  kev INTEGER NOT NULL,                       -- 1: known to be exploited
  epss INTEGER NOT NULL,                      -- EPSS probability times 10,000
  channels INTEGER NOT NULL,                  -- bits of the channels that it affects
  first_seen INTEGER NOT NULL,                -- since when something is affected
  assignee INTEGER NOT NULL,                  -- person.id of who looks at it; 0: nobody
  flags INTEGER NOT NULL,                     -- 1: came back, 2: proposed
  revision INTEGER NOT NULL,                  -- grows with each decision and edit
  stamp INTEGER NOT NULL,                     -- grows with each change of this row, over all rows
  body TEXT                      -- triage::Suggestion as JSON; null while nobody has touched it
);
CREATE INDEX suggestion_stamp ON suggestion (stamp);

CREATE TABLE issue (
  id INTEGER PRIMARY KEY,                     -- year * 2^32 + number: NIXPKGS-YYYY-NNNN
  stage INTEGER NOT NULL,                     -- 0 draft, 1 published, 2 resolved
  revision INTEGER NOT NULL,                  -- grows with each edit
  body TEXT NOT NULL,            -- triage::Issue as JSON
  created INTEGER NOT NULL,                   -- when it was drafted
  published INTEGER,                          -- when it was published first
  changed INTEGER NOT NULL,                   -- when its content last changed
  github INTEGER                              -- number of the GitHub issue that tells of it
);
CREATE INDEX issue_changed ON issue (stage, changed, id);

CREATE TABLE issue_advisory (
  advisory INTEGER PRIMARY KEY,               -- advisory number
  issue INTEGER NOT NULL REFERENCES issue (id) -- the issue that holds it
);
CREATE INDEX issue_advisory_issue ON issue_advisory (issue);

CREATE TABLE rule (
  id INTEGER PRIMARY KEY,                     -- number
  vendor TEXT NOT NULL,          -- CPE vendor, lower case
  product TEXT,                  -- CPE product; null: all of the vendor
  body TEXT NOT NULL,            -- triage::Rule as JSON
  revision INTEGER NOT NULL,                  -- grows with each edit
  advisory INTEGER,                           -- advisory at which it was made
  created INTEGER NOT NULL,                   -- when
  retired INTEGER                             -- since when it does not hold any more
);
CREATE INDEX rule_vendor ON rule (vendor, product);

-- Append-only: the triggers below refuse all else.
CREATE TABLE activity (
  id INTEGER PRIMARY KEY,                     -- number, grows
  at INTEGER NOT NULL,                        -- when
  person INTEGER,                             -- person.id; null: the tracker itself
  subject TEXT NOT NULL,         -- "suggestion:CVE-…", "issue:NIXPKGS-…", "rule:N", "person:N"
  action TEXT NOT NULL,          -- stable word
  body TEXT NOT NULL,            -- JSON: before, after, comment
  undoes INTEGER                              -- activity that this one takes back
);
CREATE INDEX activity_subject ON activity (subject, id);
CREATE INDEX activity_undoes ON activity (undoes) WHERE undoes IS NOT NULL;

CREATE TRIGGER activity_stays_as_written BEFORE UPDATE ON activity BEGIN SELECT raise(ABORT, 'the activity log is append-only'); END;
CREATE TRIGGER activity_stays BEFORE DELETE ON activity BEGIN SELECT raise(ABORT, 'the activity log is append-only'); END;

CREATE TABLE saved_view (
  person INTEGER NOT NULL REFERENCES person (id), -- whose
  name TEXT NOT NULL,            -- its name
  query TEXT NOT NULL,           -- the address's parameters
  PRIMARY KEY (person, name)
);

INSERT INTO suggestion (advisory, state, tier, severity, kev, epss, channels, first_seen, assignee, flags, revision, stamp)
  SELECT match_set.advisory, 0, min(match_set.tier), max(match_set.severity), max(CASE WHEN kev.advisory IS NULL THEN 0 ELSE 1 END),
    max(CAST(round(coalesce(epss.score, 0) * 10000) AS INTEGER)), sum(CASE WHEN match_set.channel <= 62 THEN 1 << (match_set.channel - 1) ELSE 0 END),
    min(match_set.first_seen), 0, 0, 0, 0
  FROM match_set LEFT JOIN kev ON kev.advisory = match_set.advisory LEFT JOIN epss ON epss.advisory = match_set.advisory
  WHERE match_set.tier < 9 GROUP BY match_set.advisory;
