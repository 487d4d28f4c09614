-- Secrets are never stored: passwords as Argon2id strings, tokens and session keys as SHA-256.

CREATE TABLE person (
  id bigint PRIMARY KEY,                     -- number
  github bigint UNIQUE,                      -- GitHub's number of the account; null for a local one
  name text COLLATE "C" NOT NULL,            -- how they are called: GitHub's login, as last seen, or the local name
  local text COLLATE "C" UNIQUE,             -- name of a local account
  password text COLLATE "C",                 -- Argon2id string (PHC) of a local account
  mail text COLLATE "C",                     -- where mail goes
  mail_key bytea,                            -- digest of the key that confirms the address; null once it is confirmed
  given text COLLATE "C" NOT NULL,           -- roles given by an administrator, words with commas
  teams text COLLATE "C" NOT NULL,           -- roles by GitHub teams, words with commas
  created bigint NOT NULL,                   -- when they came
  seen bigint NOT NULL,                      -- when they last signed in
  locked bigint                              -- since when the account is locked
);

CREATE TABLE session (
  digest bytea PRIMARY KEY,                  -- SHA-256 of the cookie
  person bigint NOT NULL REFERENCES person (id), -- whose
  created bigint NOT NULL,                   -- when it began
  used bigint NOT NULL,                      -- when it was last used, to the minute
  expires bigint NOT NULL,                   -- when it ends, used or not
  agent text COLLATE "C" NOT NULL            -- the browser's name for itself; hostile text
);
CREATE INDEX session_person ON session (person);

CREATE TABLE api_token (
  id bigint PRIMARY KEY,                     -- number
  person bigint NOT NULL REFERENCES person (id), -- whose
  name text COLLATE "C" NOT NULL,            -- what it is for
  digest bytea NOT NULL UNIQUE,              -- SHA-256 of the token
  scopes text COLLATE "C" NOT NULL,          -- words with commas
  created bigint NOT NULL,                   -- when it was made
  used bigint,                               -- when it was last used, to the minute
  expires bigint NOT NULL,                   -- when it ends
  revoked bigint                             -- when it was revoked
);
CREATE INDEX api_token_person ON api_token (person);

CREATE TABLE attempt (
  name text COLLATE "C" PRIMARY KEY,         -- what is guarded: "password:NAME", "token:ADDRESS" …
  failures bigint NOT NULL,                  -- failed attempts in a row
  last bigint NOT NULL                       -- when the last one was
);

CREATE TABLE sign_in (
  state bytea PRIMARY KEY,                   -- SHA-256 of the OAuth state, good for one use
  verifier text COLLATE "C" NOT NULL,        -- PKCE code verifier
  back text COLLATE "C" NOT NULL,            -- path to go to afterwards
  expires bigint NOT NULL                    -- when it is too late
);

CREATE TABLE maintainer (
  handle text COLLATE "C" PRIMARY KEY,       -- key in Nixpkgs' maintainer list
  name text COLLATE "C" NOT NULL,            -- their name
  github text COLLATE "C",                   -- GitHub login, as the list has it
  github_id bigint                           -- GitHub's number of the account
);
CREATE INDEX maintainer_github ON maintainer (github_id);

CREATE TABLE team_member (
  team text COLLATE "C" NOT NULL,            -- short name, as packages name it
  handle text COLLATE "C" NOT NULL,          -- key in Nixpkgs' maintainer list
  PRIMARY KEY (team, handle)
);
CREATE INDEX team_member_handle ON team_member (handle);

CREATE TABLE owner (
  name text COLLATE "C" NOT NULL,            -- handle of a maintainer, or "team:" and a team's short name
  attribute bigint NOT NULL,                 -- attribute.id of a current package
  channel bigint NOT NULL,                   -- channel.id
  PRIMARY KEY (name, attribute, channel)
);
CREATE INDEX owner_attribute ON owner (attribute, channel);
