-- Secrets are never stored: passwords as Argon2id strings, tokens and session keys as SHA-256.

CREATE TABLE person (
  id INTEGER PRIMARY KEY,                     -- number
  github INTEGER UNIQUE,                      -- GitHub's number of the account; null for a local one
  name TEXT NOT NULL,            -- how they are called: GitHub's login, as last seen, or the local name
  local TEXT UNIQUE,             -- name of a local account
  password TEXT,                 -- Argon2id string (PHC) of a local account
  mail TEXT,                     -- where mail goes
  mail_key BLOB,                            -- digest of the key that confirms the address; null once it is confirmed
  given TEXT NOT NULL,           -- roles given by an administrator, words with commas
  teams TEXT NOT NULL,           -- roles by GitHub teams, words with commas
  created INTEGER NOT NULL,                   -- when they came
  seen INTEGER NOT NULL,                      -- when they last signed in
  locked INTEGER                              -- since when the account is locked
);

CREATE TABLE session (
  digest BLOB PRIMARY KEY,                  -- SHA-256 of the cookie
  person INTEGER NOT NULL REFERENCES person (id), -- whose
  created INTEGER NOT NULL,                   -- when it began
  used INTEGER NOT NULL,                      -- when it was last used, to the minute
  expires INTEGER NOT NULL,                   -- when it ends, used or not
  agent TEXT NOT NULL            -- the browser's name for itself; hostile text
);
CREATE INDEX session_person ON session (person);

CREATE TABLE api_token (
  id INTEGER PRIMARY KEY,                     -- number
  person INTEGER NOT NULL REFERENCES person (id), -- whose
  name TEXT NOT NULL,            -- what it is for
  digest BLOB NOT NULL UNIQUE,              -- SHA-256 of the token
  scopes TEXT NOT NULL,          -- words with commas
  created INTEGER NOT NULL,                   -- when it was made
  used INTEGER,                               -- when it was last used, to the minute
  expires INTEGER NOT NULL,                   -- when it ends
  revoked INTEGER                             -- when it was revoked
);
CREATE INDEX api_token_person ON api_token (person);

CREATE TABLE attempt (
  name TEXT PRIMARY KEY,         -- what is guarded: "password:NAME", "token:ADDRESS" …
  failures INTEGER NOT NULL,                  -- failed attempts in a row
  last INTEGER NOT NULL                       -- when the last one was
);

CREATE TABLE sign_in (
  state BLOB PRIMARY KEY,                   -- SHA-256 of the OAuth state, good for one use
  verifier TEXT NOT NULL,        -- PKCE code verifier
  back TEXT NOT NULL,            -- path to go to afterwards
  expires INTEGER NOT NULL                    -- when it is too late
);

CREATE TABLE maintainer (
  handle TEXT PRIMARY KEY,       -- key in Nixpkgs' maintainer list
  name TEXT NOT NULL,            -- their name
  github TEXT,                   -- GitHub login, as the list has it
  github_id INTEGER                           -- GitHub's number of the account
);
CREATE INDEX maintainer_github ON maintainer (github_id);

CREATE TABLE team_member (
  team TEXT NOT NULL,            -- short name, as packages name it
  handle TEXT NOT NULL,          -- key in Nixpkgs' maintainer list
  PRIMARY KEY (team, handle)
);
CREATE INDEX team_member_handle ON team_member (handle);

CREATE TABLE owner (
  name TEXT NOT NULL,            -- handle of a maintainer, or "team:" and a team's short name
  attribute INTEGER NOT NULL,                 -- attribute.id of a current package
  channel INTEGER NOT NULL,                   -- channel.id
  PRIMARY KEY (name, attribute, channel)
);
CREATE INDEX owner_attribute ON owner (attribute, channel);
