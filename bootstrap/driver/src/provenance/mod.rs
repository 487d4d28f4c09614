//! Who made what from what: one signed in-toto statement per step, chained from the seed.
//!
//! A statement names its output by hash, its inputs by hash and by the hash of *their* signed
//! statement, its sources by hash, and everything else that went in. So the last statement vouches
//! for the whole chain, and [`verify`] checks it without building: every signature, every link,
//! every source against the graph, every key against the step as the graph has it now.
//!
//! There is no time in it: the same graph and the same key give the same bytes.
//!
//! Sources: in-toto Statement v1 (<https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>),
//! SLSA provenance v1 (<https://slsa.dev/spec/v1.0/provenance>), DSSE v1
//! (<https://github.com/secure-systems-lab/dsse>).

mod envelope;
mod keys;
mod statement;
mod verify;

pub use envelope::{Envelope, EnvelopeError, PAYLOAD_TYPE};
pub use keys::{KeyError, PublicKey, SecretKey};
pub use statement::{BUILD_TYPE, Dependency, Inputs, Statement, statement};
pub use verify::{ProvenanceError, Verified, verify};
