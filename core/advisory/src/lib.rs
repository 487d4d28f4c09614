//! Advisories: every format whole, and one model that they all become.
//!
//! Purpose: read CVE JSON 5.x, OSV, NVD 2.0, KEV and EPSS, CVSS vectors, CPE names and package
//! URLs from bytes in memory, and turn each into a [`model::Record`].
//!
//! Non-goals: no I/O, no clock, no matching against packages.
//!
//! Entry types: [`model::Record`], [`model::Advisory`]. Entry functions: `cve5::read`,
//! `nvd::read`, `osv::read` and their like take bytes and [`limits::Limits`] and give a
//! [`reading::Reading`] (the record and what was passed over) or an [`error::Error`].

pub mod cpe;
pub mod cve5;
pub mod cvss;
pub mod epss;
pub mod error;
pub mod ids;
pub mod json;
pub mod kev;
pub mod limits;
pub mod model;
pub mod nvd;
pub mod osv;
pub mod purl;
pub mod reading;
pub mod time;
pub mod vendor;
pub mod versions;

mod applicability;
