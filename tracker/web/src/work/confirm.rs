//! The mail that confirms an address.

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;
use snowguard_tracker_db::PersonId;
use snowguard_tracker_deliver::mail::{Address, Email};
use snowguard_tracker_deliver::{NotificationId, Outcome};

use super::{End, Worker};
use crate::account::secret::Secret;

impl Worker {
    /// Sends a link to an address that somebody gave as theirs. The key is made here, and nothing but its digest is kept.
    pub(super) fn confirm(&self, person: &str, body: &Value) -> Result<End> {
        let Some(mailer) = &self.reach.mailer else {
            return Ok(End::Again(None, "no mail server is set".to_owned()));
        };
        let person = PersonId::new(person.parse().context("job confirm")?);
        let mail = body["mail"].as_str().unwrap_or_default();
        let key = Secret::new().map_err(|_| anyhow::anyhow!("no random numbers"))?;
        if !self.db.set_mail_key(person, mail, &key.digest())? {
            // Another address was given since, or this one is confirmed.
            return Ok(End::Done);
        }
        let now = Timestamp::from_millisecond(self.clock.now())?;
        let link = self
            .public
            .link(&format!("/account/mail/confirm?key={}", key.expose()));
        let email = Email {
            id: NotificationId::new(format!("confirm-{}-{}", person.get(), now.as_millisecond()))?,
            to: Address::new(mail)?,
            subject: "Confirm your address".to_owned(),
            text: format!(
                "Somebody, you we hope, gave this address to Snowguard's tracker.\n\nTo confirm it, sign in and open\n{link}\n\nOtherwise do nothing.\n"
            ),
            html: None,
            date: now,
            unsubscribe: None,
            thread: None,
        };
        Ok(match mailer.send(&email) {
            Outcome::Delivered | Outcome::Gone { .. } | Outcome::Refused { .. } => End::Done,
            Outcome::Retry { after, why } => End::Again(
                after.and_then(|after| i64::try_from(after.as_millis()).ok()),
                why.to_string(),
            ),
        })
    }
}
