//! DER, as far as signatures need it: tag, length, value.
//!
//! Bytes that are signed must be kept as they came, so the reader gives slices of its input and
//! nothing is ever decoded and encoded again. Only definite lengths and tags of one byte occur;
//! nesting costs no recursion.
//!
//! Source: ITU-T X.690.

mod reader;
mod writer;

pub(crate) use reader::{DerError, Reader, Tlv};
pub(crate) use writer::{integer, object_identifier, octets, sequence, set_of, tlv, utc_time};

/// Tags that occur.
pub(crate) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// `[0]`, constructed.
    pub(crate) const CONTEXT_0: u8 = 0xa0;
    /// `[1]`, constructed.
    pub(crate) const CONTEXT_1: u8 = 0xa1;
    /// `[3]`, constructed.
    pub(crate) const CONTEXT_3: u8 = 0xa3;
    /// `[0]`, primitive.
    pub(crate) const CONTEXT_0_PRIMITIVE: u8 = 0x80;
}
