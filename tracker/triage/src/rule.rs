//! Corrections that the matcher takes over.

use serde::{Deserialize, Serialize};

use crate::command::Refusal;
use crate::text;

/// What a rule says. Vendor and product are compared as CPE names are: in lower case, spaces as
/// underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Rule {
    /// What this vendor calls by this name is this attribute, and nothing else.
    Identity {
        /// Vendor.
        vendor: String,
        /// Product.
        product: String,
        /// Attribute path.
        attr: String,
    },
    /// This vendor's software is not in Nixpkgs; with a product, that product.
    Never {
        /// Vendor.
        vendor: String,
        /// Product; nothing: all of the vendor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<String>,
    },
}

impl Rule {
    /// A rule of kind `identity` or `never`, checked and in its normal form. An empty product or attribute counts
    /// as none.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] for another kind, [`Refusal::Empty`], [`Refusal::TooLong`].
    pub fn new(kind: &str, vendor: &str, product: &str, attr: &str) -> Result<Self, Refusal> {
        let vendor = name("vendor", vendor)?;
        match kind {
            "identity" => Ok(Self::Identity {
                vendor,
                product: name("product", product)?,
                attr: text::line("attribute path", attr)?,
            }),
            "never" => Ok(Self::Never {
                vendor,
                product: match product.trim() {
                    "" => None,
                    product => Some(name("product", product)?),
                },
            }),
            other => Err(Refusal::Unknown {
                what: "kind of rule",
                value: other.chars().take(40).collect(),
            }),
        }
    }

    /// Vendor and product that it speaks of.
    #[must_use]
    pub fn names(&self) -> (&str, Option<&str>) {
        match self {
            Self::Identity {
                vendor, product, ..
            } => (vendor, Some(product)),
            Self::Never { vendor, product } => (vendor, product.as_deref()),
        }
    }

    /// A sentence for a person.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Identity {
                vendor,
                product,
                attr,
            } => format!("vendor {vendor}, product {product} is {attr}"),
            Self::Never {
                vendor,
                product: Some(product),
            } => format!("vendor {vendor}, product {product} is not in Nixpkgs"),
            Self::Never {
                vendor,
                product: None,
            } => format!("vendor {vendor} has nothing in Nixpkgs"),
        }
    }
}

fn name(what: &'static str, text: &str) -> Result<String, Refusal> {
    let text = text::line(what, text)?;
    // Names are compared by their letters and digits; without any, it names nothing.
    if !text.chars().any(char::is_alphanumeric) {
        return Err(Refusal::Empty { what });
    }
    Ok(text.to_lowercase().replace(' ', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_cpes_are() {
        let rule = Rule::new("never", " Red Hat ", "", "").unwrap();
        assert_eq!(rule.names(), ("red_hat", None));
        let rule = Rule::new("identity", "GNU", "C Library", "glibc").unwrap();
        assert_eq!(rule.sentence(), "vendor gnu, product c_library is glibc");
        assert!(Rule::new("identity", "gnu", "", "glibc").is_err());
        assert!(Rule::new("always", "gnu", "x", "y").is_err());
        assert!(Rule::new("never", "*", "", "").is_err());
        assert!(Rule::new("never", "gnu", "-", "").is_err());
    }
}
