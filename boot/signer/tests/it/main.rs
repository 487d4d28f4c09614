//! Keys in files, and images signed with them, beside other signers on the same files.

mod authenticode;
mod image;
mod keys;
mod material;
mod remote;
mod token;
mod tools;
