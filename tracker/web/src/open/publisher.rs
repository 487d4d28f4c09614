//! Who publishes, and with which key.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use snowguard_tracker_export::signing::SecretKey;
use snowguard_tracker_export::{Provider, PublisherCategory, TaggingEntity, WebUrl};
use snowguard_tracker_secret::Secret;

use super::target::ROOT;

/// Who publishes, as the settings file has it; what it leaves out follows from the public address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publishing {
    /// The publisher's name.
    name: Option<String>,
    /// How to reach them.
    contact: Option<String>,
    /// What they are to the software; a vendor where nothing is said.
    category: Option<PublisherCategory>,
    /// An address that is theirs for ever.
    namespace: Option<String>,
    /// Domain name and date for the ids of feeds: `tracker.example.org,2026`.
    tag: Option<String>,
    /// A key of minisign without a password.
    key_file: Option<std::path::PathBuf>,
}

/// Who publishes, where, and with which key.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// Who and where.
    pub provider: Provider,
    /// What signs; without it nothing is signed.
    pub key: Option<Arc<SecretKey>>,
}

impl Publishing {
    /// The publisher of a tracker that browsers reach at `origin`: scheme, host and port.
    ///
    /// # Errors
    /// For an address or a tag that documents cannot hold, and for a key that cannot be read.
    pub fn publisher(&self, origin: &str) -> Result<Publisher> {
        let url = |text: &str| WebUrl::new(text).with_context(|| format!("the address {text}"));
        let pages = url(&format!("{origin}/"))?;
        let host = url::Url::parse(pages.as_str()).ok();
        let host = host.as_ref().and_then(url::Url::domain);
        let host = host.unwrap_or("localhost");
        let tag = match &self.tag {
            Some(tag) => tag.clone(),
            None => format!("{host},2026"),
        };
        let name = match &self.name {
            Some(name) => name.clone(),
            None => format!("Snowguard tracker at {host}"),
        };
        let key = self.key_file.as_deref().map(read_key).transpose()?;
        Ok(Publisher {
            provider: Provider {
                name,
                contact: self.contact.clone(),
                category: self.category.unwrap_or(PublisherCategory::Vendor),
                namespace: match &self.namespace {
                    Some(namespace) => url(namespace)?,
                    None => pages.clone(),
                },
                exports: url(&format!("{origin}{ROOT}/"))?,
                pages,
                tagging: TaggingEntity::new(tag).context("[publisher] tag")?,
            },
            key: key.map(Arc::new),
        })
    }
}

/// Reads a key that signs documents, from a file that not everyone can read.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn read_key(path: &Path) -> Result<SecretKey> {
    let text = Secret::from_file(path)?;
    SecretKey::parse(text.expose()).with_context(|| format!("the key in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_follows_from_the_address() {
        let usual = Publishing::default();
        let publisher = usual.publisher("https://tracker.example.org").unwrap();
        let provider = publisher.provider;
        assert_eq!(provider.name, "Snowguard tracker at tracker.example.org");
        assert_eq!(
            provider.exports.as_str(),
            "https://tracker.example.org/data/"
        );
        assert_eq!(provider.tagging.tag("x"), "tag:tracker.example.org,2026:x");
        let local = usual.publisher("http://127.0.0.1:8080").unwrap().provider;
        assert_eq!(local.tagging.tag("x"), "tag:localhost,2026:x");
        let own: Publishing =
            toml::from_str("name = 'N'\ncategory = 'coordinator'\nnamespace = 'https://n.example/'\ntag = 'n.example,2020'")
                .unwrap();
        let provider = own.publisher("https://t.example").unwrap().provider;
        assert_eq!(
            (provider.name.as_str(), provider.namespace.as_str()),
            ("N", "https://n.example/")
        );
        assert_eq!(provider.category, PublisherCategory::Coordinator);
        for wrong in ["names = 'x'", "category = 'maker'"] {
            assert!(toml::from_str::<Publishing>(wrong).is_err(), "{wrong}");
        }
        let wrong: Publishing = toml::from_str("tag = 'no date'").unwrap();
        assert!(wrong.publisher("https://t.example").is_err());
    }
}
