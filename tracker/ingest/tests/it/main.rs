//! The whole way from inputs as the world provides them to what is in the database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod archives;
mod channels;
mod checkouts;
mod downloads;
mod formats;
mod hostile;
mod people;
mod rematch;
mod rulings;
mod scanned;
mod server;
mod splitting;
mod updates;
mod world;
