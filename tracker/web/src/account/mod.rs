//! Who asks, and what they may do: sessions, tokens, signing in.

pub mod cookie;
pub mod github;
pub mod handlers;
pub mod password;
pub mod posted;
pub mod reader;
pub mod secret;
