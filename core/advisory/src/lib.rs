//! Advisories: every format whole, and one model that they all become.
//!
//! Purpose: read CVE JSON 5.x, OSV, NVD 2.0, KEV and EPSS, CVSS vectors, CPE names and package
//! URLs from bytes in memory, and turn each into a [`model::Record`].
//!
//! Non-goals: no I/O, no clock, no matching against packages.
//!
//! Entry types: [`model::Record`], [`model::Advisory`].

pub mod cpe;
pub mod model;
pub mod purl;
