//! From a name to addresses, once, with a look at what came out.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::url::Rules;
use crate::error::DeliverError;

/// The most addresses that are tried.
const MAX_ADDRESSES: usize = 16;

/// Finds the addresses of a name.
pub trait Lookup: fmt::Debug + Send + Sync {
    /// All addresses of a name.
    ///
    /// # Errors
    /// What the system says.
    fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = (name, 0).to_socket_addrs()?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// For one delivery: resolves, checks every address, and gives exactly those to connect to. One
/// address that is not allowed refuses all: a name that leads to both is how a check is got around.
#[derive(Debug)]
pub(super) struct Checked {
    lookup: Arc<dyn Lookup>,
    rules: Arc<Rules>,
    patience: Duration,
    /// Why nothing was given; the HTTP client would only pass on its words.
    refusal: Arc<Mutex<Option<DeliverError>>>,
}

impl Checked {
    pub(super) fn new(
        lookup: Arc<dyn Lookup>,
        rules: Arc<Rules>,
        patience: Duration,
    ) -> (Self, Arc<Mutex<Option<DeliverError>>>) {
        let refusal = Arc::default();
        let checked = Self {
            lookup,
            rules,
            patience,
            refusal: Arc::clone(&refusal),
        };
        (checked, refusal)
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DeliverError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = match bare.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.resolved(host)?,
        };
        for address in &addresses {
            self.rules.check_address(host, *address)?;
        }
        Ok(addresses)
    }

    /// On a thread of its own, since the system's resolver cannot be told to give up.
    fn resolved(&self, host: &str) -> Result<Vec<IpAddr>, DeliverError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (lookup, name) = (Arc::clone(&self.lookup), host.to_owned());
        thread::spawn(move || {
            // Whoever waited may have gone.
            let _ = sender.send(lookup.lookup(&name));
        });
        let unresolved = |why: String| DeliverError::Unresolved {
            host: host.to_owned(),
            why,
        };
        match receiver.recv_timeout(self.patience) {
            Ok(Ok(found)) if found.is_empty() => Err(unresolved("it has no address".to_owned())),
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(unresolved(error.to_string())),
            Err(_) => Err(unresolved("no answer in time".to_owned())),
        }
    }
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let default = if uri.scheme_str() == Some("http") {
            80
        } else {
            443
        };
        let port = uri.port_u16().unwrap_or(default);
        match self.addresses(host) {
            Ok(addresses) => {
                let mut given = self.empty();
                for address in addresses.into_iter().take(MAX_ADDRESSES) {
                    given.push(SocketAddr::new(address, port));
                }
                Ok(given)
            }
            Err(refused) => {
                let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
                *refusal = Some(refused);
                Err(ureq::Error::HostNotFound)
            }
        }
    }
}
