//! The tracker's web server: pages and a JSON interface over the tracker's database.
//!
//! Purpose: show what is known, server-rendered, readable without scripts and on a phone; the
//! same as JSON under `/api/v1/`. Reads only.
//!
//! Non-goals: no SQL (that is `tracker/db`), no matching, no users or sessions yet, no TLS (a
//! reverse proxy's task).
//!
//! Entry types: [`serve`] and [`Config`]; [`router`] and [`serve_on`] for tests and measurements.
//!
//! How it is laid out: `handlers` and `api` check a request (`request`), gather
//! plain data from the database (`gather`, on a bounded blocking pool), and hand it to a page
//! (`pages`, each a struct with its template beside it) or a document (`api`). `server` puts
//! limits and headers around all of it. All text is hostile: only the templates produce markup,
//! and they escape everything.

mod answer;
mod api;
mod assets;
mod failure;
mod gather;
mod handlers;
mod pages;
mod request;
mod server;
mod show;

pub use gather::busy_pages;
pub use server::{CONTENT_SECURITY_POLICY, Clock, Config, Limits, router, serve, serve_on};
