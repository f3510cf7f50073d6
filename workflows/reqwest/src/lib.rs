// SPDX-License-Identifier: EUPL-1.2
//! An HTTP client that never calls anybody.
//!
//! The FEEL evaluator `dsntk-feel-evaluator` links the crate `reqwest` for one purpose: functions of a decision table
//! that live in a Java server. Models that ask for such functions are refused at deployment, so the client would never
//! run. This crate takes its place (`[patch.crates-io]`): what a decision table can do is then bounded by construction
//! and not by a check, and a second TLS library, an HTTP stack and a minute of building are gone. It has exactly
//! the calls that the evaluator makes; each ends with an error, which the evaluator turns into null.

/// The blocking half of the client, as far as it is called.
pub mod blocking {
    use serde::{Serialize, de::DeserializeOwned};

    use crate::Error;

    /// Knows no network.
    #[derive(Debug, Default)]
    pub struct Client;

    impl Client {
        /// A client that refuses.
        pub fn new() -> Self {
            Self
        }

        /// A request that will be refused.
        pub fn post(&self, _url: &str) -> RequestBuilder {
            RequestBuilder
        }
    }

    /// A request nobody sends.
    #[derive(Debug)]
    pub struct RequestBuilder;

    impl RequestBuilder {
        /// Drops the body.
        #[must_use]
        pub fn json<T: Serialize + ?Sized>(self, _body: &T) -> Self {
            self
        }

        /// Refuses.
        ///
        /// # Errors
        /// Always [`Error`].
        pub fn send(self) -> Result<Response, Error> {
            Err(Error)
        }
    }

    /// An answer that cannot come.
    #[derive(Debug)]
    pub enum Response {}

    impl Response {
        /// Never called: there is no value of this type.
        ///
        /// # Errors
        /// None.
        pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
            match self {}
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("decision tables have no network")
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::blocking::Client;

    #[test]
    fn every_request_is_refused() {
        let answer = Client::new().post("http://127.0.0.1:22023/api").json("x").send();
        assert!(answer.is_err_and(|e| e.to_string() == "decision tables have no network"));
    }
}
