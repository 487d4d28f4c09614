//! The tracker's web server: pages and a JSON interface over the tracker's database.
//!
//! Purpose: show what is known, server-rendered, readable without scripts and on a phone; the
//! same as JSON under `/api/v1/`. Whoever signs in decides, within their roles, through forms.
//!
//! Non-goals: no SQL (that is `tracker/db`), no matching, no rules about who may do what (that is
//! `tracker/triage`), no TLS (a reverse proxy's task).
//!
//! Entry types: [`serve`] and [`Config`]; [`router`] and [`serve_on`] for tests and measurements.
//!
//! How it is laid out: `handlers` and `api` check a request (`request`), gather
//! plain data from the database (`gather`, on a bounded blocking pool), and hand it to a page
//! (`pages`, each a struct with its template beside it) or a document (`api`). `server` puts
//! limits and headers around all of it. All text is hostile: only the templates produce markup,
//! and they escape everything. `account` says who asks (`Reader`) and lets nothing be written but by a
//! form of our own (`Posted`); `triage` holds the handlers of the queue, issues, rules and the log.

mod account;
mod answer;
mod api;
mod assets;
mod failure;
mod gather;
mod handlers;
mod open;
mod pages;
mod replace;
mod request;
mod server;
mod settings;
mod show;
mod subscriptions;
mod triage;
mod work;

pub use account::password::hash as hash_password;
pub use gather::busy_pages;
pub use open::{Format, Progress as Written, Publisher, Publishing, Wish, read_key, write_files};
pub use replace::replace_file;
pub use server::{
    CONTENT_SECURITY_POLICY, Clock, Config, Limits, Peer, PerMinute, PublicAddress, RateLimits,
    router, serve, serve_on,
};
pub use settings::{Doors, Reach, Settings, Teams};
pub use work::Worker;
