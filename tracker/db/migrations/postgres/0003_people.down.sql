DROP TABLE owner;
DROP TABLE team_member;
DROP TABLE maintainer;
DROP TABLE sign_in;
DROP TABLE attempt;
DROP TABLE api_token;
DROP TABLE session;
DROP TABLE person;
