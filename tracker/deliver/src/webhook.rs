//! Webhooks: a signed POST to a public address, and nothing else.
//!
//! Signed as Standard Webhooks says, so that receivers can check it with a library:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

mod network;
mod post;
mod resolve;
mod signing;
mod url;

pub use network::{Kind, Network};
pub use post::{Hook, MAX_BODY, Message, Webhooks};
pub use resolve::{Lookup, SystemLookup};
pub use signing::SigningSecret;
pub use url::{Ports, Rules, WebhookUrl};
