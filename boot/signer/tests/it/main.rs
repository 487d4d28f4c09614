//! Keys in files, and images signed with them, beside other signers on the same files.

mod authenticode;
mod keys;
mod material;
mod tools;
