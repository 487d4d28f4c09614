DROP TABLE hook_delivery;
DROP TABLE notification;
DROP TABLE event;
DROP TABLE subscription;
DROP TABLE job;
