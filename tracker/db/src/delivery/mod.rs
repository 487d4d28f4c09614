//! What has to be done later, and who is to hear of what.

mod events;
mod jobs;
mod messages;
mod notifications;
mod subscriptions;

pub use events::{Event, EventKind};
pub use jobs::{Job, JobState, NewJob};
pub use messages::Outgoing;
pub use notifications::Notification;
pub(crate) use notifications::told_up_to;
pub use subscriptions::StoredSubscription;

pub(crate) use events::{about_issue, newly_affected};
pub(crate) use jobs::put;
