-- One subscription delivers a piece of news: one that has not yet, where there is one.
ALTER TABLE notification ADD COLUMN subscription bigint;
ALTER TABLE notification ADD COLUMN cadence text COLLATE "C" NOT NULL DEFAULT 'daily';
ALTER TABLE notification ADD COLUMN sent bigint;
UPDATE notification SET
  subscription = (SELECT delivery.subscription FROM delivery WHERE delivery.news = notification.id ORDER BY delivery.sent IS NOT NULL, delivery.subscription LIMIT 1),
  cadence = (SELECT delivery.cadence FROM delivery WHERE delivery.news = notification.id ORDER BY delivery.sent IS NOT NULL, delivery.subscription LIMIT 1),
  sent = (SELECT delivery.sent FROM delivery WHERE delivery.news = notification.id ORDER BY delivery.sent IS NOT NULL, delivery.subscription LIMIT 1)
  WHERE EXISTS (SELECT 1 FROM delivery WHERE delivery.news = notification.id);
CREATE INDEX notification_unsent ON notification (subscription, id) WHERE sent IS NULL;
DROP TABLE delivery;
