// SPDX-License-Identifier: EUPL-1.2
//! Where the broker is. The address carries a password: it has no `Display`, and its `Debug` shows host and port only.

use std::fmt;

use lapin::{tcp::OwnedTLSConfig, uri::AMQPUri};

/// Address and, for `amqps`, the authorities that may vouch for the broker beside those of the system.
#[derive(Clone)]
pub struct Address {
    pub(super) uri: AMQPUri,
    authorities: Option<String>,
}

/// Never names the address itself.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an address of a broker (amqp://user:password@host:5672/vhost or amqps://…)")]
pub struct AddressError;

impl Address {
    /// Reads `amqp://user:password@host:port/vhost` (`/%2f` or nothing is the default vhost) or `amqps://…`.
    ///
    /// # Errors
    /// Anything else; the text does not repeat the address.
    pub fn new(url: &str) -> Result<Self, AddressError> {
        let uri = url.trim().parse::<AMQPUri>().map_err(|_| AddressError)?;
        Ok(Self { uri, authorities: None })
    }

    /// Trusts the authorities of this PEM text too.
    #[must_use]
    pub fn with_authorities(mut self, pem: String) -> Self {
        self.authorities = Some(pem);
        self
    }

    pub(super) fn tls(&self) -> OwnedTLSConfig {
        OwnedTLSConfig { identity: None, cert_chain: self.authorities.clone() }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.uri.scheme, self.uri.authority.host, self.uri.authority.port)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_error_show_the_password() {
        let address = Address::new("amqp://eakte:geheim@broker.example:5673/%2f").unwrap();
        assert_eq!(format!("{address:?}"), "amqp://broker.example:5673");
        assert_eq!(Address::new("amqp://eakte:geheim@broker.example").unwrap().uri.vhost, "/");
        for wrong in ["", "http://eakte:geheim@broker", "geheim", "amqp://eakte:geheim@broker:hafen"] {
            let error = Address::new(wrong).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("geheim"), "{wrong}");
        }
    }
}
