DROP TABLE saved_view;
DROP TABLE activity;
DROP FUNCTION activity_stays();
DROP TABLE rule;
DROP TABLE issue_advisory;
DROP TABLE issue;
DROP TABLE suggestion;
