CREATE TABLE suggestion (
  advisory bigint PRIMARY KEY,               -- advisory number
  state bigint NOT NULL,                     -- triage::State
  tier bigint NOT NULL,                      -- best tier among the affected in any channel; 9: nothing is affected now
  severity bigint NOT NULL,                  -- highest CVSS base score times 10
  kev bigint NOT NULL,                       -- 1: known to be exploited
  epss bigint NOT NULL,                      -- EPSS probability times 10,000
  channels bigint NOT NULL,                  -- bits of the channels that it affects
  first_seen bigint NOT NULL,                -- since when something is affected
  assignee bigint NOT NULL,                  -- person.id of who looks at it; 0: nobody
  flags bigint NOT NULL,                     -- 1: came back, 2: proposed
  revision bigint NOT NULL,                  -- grows with each decision and edit
  stamp bigint NOT NULL,                     -- grows with each change of this row, over all rows
  body text COLLATE "C"                      -- triage::Suggestion as JSON; null while nobody has touched it
);
CREATE INDEX suggestion_stamp ON suggestion (stamp);

CREATE TABLE issue (
  id bigint PRIMARY KEY,                     -- year * 2^32 + number: NIXPKGS-YYYY-NNNN
  stage bigint NOT NULL,                     -- 0 draft, 1 published, 2 resolved
  revision bigint NOT NULL,                  -- grows with each edit
  body text COLLATE "C" NOT NULL,            -- triage::Issue as JSON
  created bigint NOT NULL,                   -- when it was drafted
  published bigint,                          -- when it was published first
  changed bigint NOT NULL,                   -- when its content last changed
  github bigint                              -- number of the GitHub issue that tells of it
);
CREATE INDEX issue_changed ON issue (stage, changed, id);

CREATE TABLE issue_advisory (
  advisory bigint PRIMARY KEY,               -- advisory number
  issue bigint NOT NULL REFERENCES issue (id) -- the issue that holds it
);
CREATE INDEX issue_advisory_issue ON issue_advisory (issue);

CREATE TABLE rule (
  id bigint PRIMARY KEY,                     -- number
  vendor text COLLATE "C" NOT NULL,          -- CPE vendor, lower case
  product text COLLATE "C",                  -- CPE product; null: all of the vendor
  body text COLLATE "C" NOT NULL,            -- triage::Rule as JSON
  revision bigint NOT NULL,                  -- grows with each edit
  advisory bigint,                           -- advisory at which it was made
  created bigint NOT NULL,                   -- when
  retired bigint                             -- since when it does not hold any more
);
CREATE INDEX rule_vendor ON rule (vendor, product);

-- Append-only: the triggers below refuse all else.
CREATE TABLE activity (
  id bigint PRIMARY KEY,                     -- number, grows
  at bigint NOT NULL,                        -- when
  person bigint,                             -- person.id; null: the tracker itself
  subject text COLLATE "C" NOT NULL,         -- "suggestion:CVE-…", "issue:NIXPKGS-…", "rule:N", "person:N"
  action text COLLATE "C" NOT NULL,          -- stable word
  body text COLLATE "C" NOT NULL,            -- JSON: before, after, comment
  undoes bigint                              -- activity that this one takes back
);
CREATE INDEX activity_subject ON activity (subject, id);
CREATE INDEX activity_undoes ON activity (undoes) WHERE undoes IS NOT NULL;

CREATE FUNCTION activity_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the activity log is append-only'; END $$;
CREATE TRIGGER activity_stays BEFORE UPDATE OR DELETE ON activity FOR EACH ROW EXECUTE FUNCTION activity_stays();

CREATE TABLE saved_view (
  person bigint NOT NULL REFERENCES person (id), -- whose
  name text COLLATE "C" NOT NULL,            -- its name
  query text COLLATE "C" NOT NULL,           -- the address's parameters
  PRIMARY KEY (person, name)
);

INSERT INTO suggestion (advisory, state, tier, severity, kev, epss, channels, first_seen, assignee, flags, revision, stamp)
  SELECT match_set.advisory, 0, min(match_set.tier), max(match_set.severity), max(CASE WHEN kev.advisory IS NULL THEN 0 ELSE 1 END),
    max(CAST(round(CAST(coalesce(epss.score, 0) * 10000 AS numeric)) AS bigint)), sum(CASE WHEN match_set.channel <= 62 THEN 1::bigint << CAST(match_set.channel - 1 AS integer) ELSE 0 END)::bigint,
    min(match_set.first_seen), 0, 0, 0, 0
  FROM match_set LEFT JOIN kev ON kev.advisory = match_set.advisory LEFT JOIN epss ON epss.advisory = match_set.advisory
  WHERE match_set.tier < 9 GROUP BY match_set.advisory;
