//! Which addresses are public.
//!
//! Source: IANA's special-purpose address registries (RFC 6890) of IPv4 and IPv6

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::DeliverError;

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// This machine.
    Loopback,
    /// 10/8, 172.16/12, 192.168/16.
    Private,
    /// fc00::/7.
    UniqueLocal,
    /// 169.254/16, fe80::/10; clouds have their metadata there.
    LinkLocal,
    /// 100.64/10.
    CarrierGradeNat,
    /// Many receivers.
    Multicast,
    /// No address of one machine: 0/8, `::`, 240/4, broadcast.
    Unassigned,
    /// Set aside for protocols, documentation, measurements.
    Reserved,
    /// An IPv4 address in an IPv6 one: mapped, NAT64, 6to4, Teredo. Where it leads is for others to decide.
    Embedded,
    /// A cloud's service to its machines, at an address that looks public.
    Metadata,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "which is this machine",
            Self::Private => "which is of a private network",
            Self::UniqueLocal => "which is of a private network (ULA)",
            Self::LinkLocal => "which is link-local",
            Self::CarrierGradeNat => "which is behind a provider's NAT",
            Self::Multicast => "which is multicast",
            Self::Unassigned => "which is no address of a machine",
            Self::Reserved => "which is set aside for protocols or documentation",
            Self::Embedded => "which embeds an IPv4 address",
            Self::Metadata => "which is a cloud's own service",
        })
    }
}

/// Why an address is not public; `None` when it is.
#[must_use]
pub(super) fn why_not_public(address: IpAddr) -> Option<Kind> {
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

fn v4(address: Ipv4Addr) -> Option<Kind> {
    let [a, b, c, _] = address.octets();
    Some(match (a, b, c) {
        (127, ..) => Kind::Loopback,
        (10, ..) | (192, 168, _) => Kind::Private,
        (172, 16..=31, _) => Kind::Private,
        (169, 254, _) => Kind::LinkLocal,
        (100, 64..=127, _) => Kind::CarrierGradeNat,
        (224..=239, ..) => Kind::Multicast,
        (0, ..) | (240..=255, ..) => Kind::Unassigned,
        // Protocols, documentation, 6to4 relays, measurements.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) | (198, 18 | 19, _) => {
            Kind::Reserved
        }
        // Azure's service to its machines.
        _ if address == Ipv4Addr::new(168, 63, 129, 16) => Kind::Metadata,
        _ => return None,
    })
}

fn v6(address: Ipv6Addr) -> Option<Kind> {
    let segments = address.segments();
    let [first, second, ..] = segments;
    if address.is_loopback() {
        return Some(Kind::Loopback);
    }
    if address.is_unspecified() {
        return Some(Kind::Unassigned);
    }
    Some(match (first, second) {
        // Mapped, compatible, translated (RFC 2765).
        (0, 0) => Kind::Embedded,
        // NAT64 (RFC 6052, RFC 8215), 6to4, Teredo.
        (0x64, 0xff9b) | (0x2002, _) | (0x2001, 0) => Kind::Embedded,
        (0xfc00..=0xfdff, _) => Kind::UniqueLocal,
        // Site-local is link-local's forgotten sister (RFC 3879).
        (0xfe80..=0xfeff, _) => Kind::LinkLocal,
        (0xff00..=0xffff, _) => Kind::Multicast,
        // Protocols (2001::/23), documentation.
        (0x2001, 0x1..=0x1ff | 0xdb8) | (0x3fff, 0..=0x0fff) => Kind::Reserved,
        (0x2000..=0x3fff, _) => return None,
        // Only 2000::/3 is given out.
        _ => Kind::Unassigned,
    })
}

/// A range of addresses that the operator allows although it isn't public: `10.1.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address is in it. An IPv6 address is never in an IPv4 network, also not if it embeds
    /// one that is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = DeliverError;

    /// `address/prefix`, or one address.
    fn from_str(text: &str) -> Result<Self, DeliverError> {
        let invalid = || DeliverError::invalid("network (ADDRESS/PREFIX)", text);
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) => digits.parse().map_err(|_| invalid())?,
        };
        if prefix > longest {
            return Err(invalid());
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<Kind> {
        why_not_public(address.parse().unwrap())
    }

    #[test]
    fn no_private_address_is_taken_for_public() {
        for (address, expected) in [
            ("127.0.0.1", Kind::Loopback),
            ("127.255.255.254", Kind::Loopback),
            ("::1", Kind::Loopback),
            ("10.0.0.1", Kind::Private),
            ("172.16.0.1", Kind::Private),
            ("172.31.255.255", Kind::Private),
            ("192.168.0.1", Kind::Private),
            ("fc00::1", Kind::UniqueLocal),
            ("fd12:3456::1", Kind::UniqueLocal),
            ("169.254.0.1", Kind::LinkLocal),
            ("fe80::1", Kind::LinkLocal),
            ("fec0::1", Kind::LinkLocal),
            ("100.64.0.1", Kind::CarrierGradeNat),
            ("100.127.255.255", Kind::CarrierGradeNat),
            ("224.0.0.1", Kind::Multicast),
            ("239.255.255.255", Kind::Multicast),
            ("ff02::1", Kind::Multicast),
            ("0.0.0.0", Kind::Unassigned),
            ("0.1.2.3", Kind::Unassigned),
            ("240.0.0.1", Kind::Unassigned),
            ("255.255.255.255", Kind::Unassigned),
            ("::", Kind::Unassigned),
            ("4000::1", Kind::Unassigned),
            ("5f00::1", Kind::Unassigned),
            ("100::1", Kind::Unassigned),
            ("192.0.0.1", Kind::Reserved),
            ("192.0.2.1", Kind::Reserved),
            ("198.18.0.1", Kind::Reserved),
            ("198.51.100.1", Kind::Reserved),
            ("203.0.113.1", Kind::Reserved),
            ("192.88.99.1", Kind::Reserved),
            ("2001:db8::1", Kind::Reserved),
            ("2001:20::1", Kind::Reserved),
            ("3fff::1", Kind::Reserved),
        ] {
            assert_eq!(kind(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn ipv4_within_ipv6_is_refused_in_every_form() {
        for address in [
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:1.1.1.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::10.0.0.1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        ] {
            assert_eq!(kind(address), Some(Kind::Embedded), "{address}");
        }
    }

    #[test]
    fn metadata_services_of_clouds_are_refused() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "fd00:ec2::254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
        ] {
            assert!(kind(address).is_some(), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "9.9.9.9",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "168.63.129.17",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450::1",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_embedded_ones() {
        let network: Network = "10.1.0.0/16".parse().unwrap();
        assert!(network.contains("10.1.2.3".parse().unwrap()));
        assert!(!network.contains("10.2.0.1".parse().unwrap()));
        assert!(!network.contains("::ffff:10.1.2.3".parse().unwrap()));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("127.0.0.1".parse().unwrap()));
        let one: Network = "fd00::1".parse().unwrap();
        assert!(
            one.contains("fd00::1".parse().unwrap()) && !one.contains("fd00::2".parse().unwrap())
        );
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x", "x/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
