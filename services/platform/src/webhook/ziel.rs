// SPDX-License-Identifier: EUPL-1.2
//! Where webhooks may go. Whoever enters an address may not make this software call something inside the house
//! (server-side request forgery): only HTTPS, only hosts that the administrator lists in `[webhook] erlaubt`, and never
//! an address of this machine or of its link (where clouds keep their credentials), whatever the name resolves to.

use std::net::{IpAddr, Ipv4Addr};

use ureq::http::Uri;

/// Hosts that webhooks may go to.
#[derive(Clone, Debug)]
pub struct Ziele {
    erlaubt: Vec<(String, u16)>,
    /// Plain HTTP to this machine; for tests and for trying out.
    loopback: bool,
}

/// Longest address.
const URL_MAX: usize = 500;

impl Ziele {
    /// * `erlaubt` - hosts with spaces or commas between: `host` (port 443), `host:port`, `*.domain` for all below it.
    pub fn new(erlaubt: &str, loopback: bool) -> Self {
        let host = |text: &str| match text.rsplit_once(':') {
            Some((host, port)) => (host.to_lowercase(), port.parse().unwrap_or(0)),
            None => (text.to_lowercase(), 443),
        };
        let erlaubt = erlaubt.split([',', ' ']).filter(|t| !t.is_empty()).map(host).collect();
        Self { erlaubt, loopback }
    }

    pub fn loopback(&self) -> bool {
        self.loopback
    }

    /// May a webhook go there?
    ///
    /// # Errors
    /// German sentence that says why not.
    pub fn pruefe(&self, url: &str) -> Result<(), String> {
        if url.len() > URL_MAX {
            return Err(format!("Die Adresse ist länger als {URL_MAX} Zeichen."));
        }
        let uri: Uri = url.parse().map_err(|_| format!("„{url}“ ist keine Adresse."))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!("„{url}“ ist keine ganze Adresse. Sie beginnt mit https://."));
        };
        if authority.as_str().contains('@') {
            return Err("In der Adresse darf kein Name oder Kennwort stehen.".to_owned());
        }
        let host = authority.host().trim_matches(['[', ']']).to_lowercase();
        if self.loopback && host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            return Ok(());
        }
        if scheme != "https" {
            return Err("Webhooks gehen nur über HTTPS.".to_owned());
        }
        let port = authority.port_u16().unwrap_or(443);
        let fits = |(name, allowed): &(String, u16)| {
            let below = name.strip_prefix('*').is_some_and(|domain| host.ends_with(domain) && host != domain[1..]);
            *allowed == port && (below || *name == host)
        };
        if self.erlaubt.iter().any(fits) {
            return Ok(());
        }
        let ziel = if port == 443 { host } else { format!("{host}:{port}") };
        Err(format!("„{ziel}“ steht nicht unter den erlaubten Zielen (Einstellung webhook.erlaubt)."))
    }

    /// May this address be connected to, whatever name led to it?
    pub fn adresse(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        if ip.is_loopback() {
            return self.loopback;
        }
        match ip {
            IpAddr::V4(v4) => {
                let null = v4.octets()[0] == 0;
                !null && !v4.is_link_local() && !v4.is_broadcast() && !v4.is_multicast()
            }
            // fd00:ec2::254 is the address of credentials of one cloud provider, in an otherwise private network.
            IpAddr::V6(v6) => {
                let embedded = v6.to_ipv4().is_some_and(|v4| v4 != Ipv4Addr::UNSPECIFIED && v4.is_loopback());
                let cloud = v6.segments()[..2] == [0xfd00, 0x0ec2];
                !v6.is_unspecified() && !v6.is_unicast_link_local() && !v6.is_multicast() && !embedded && !cloud
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_over_https() {
        let ziele = Ziele::new("buchung.stadt.example, *.intern.example hub.example:8443", false);
        for good in [
            "https://buchung.stadt.example/eakte",
            "https://BUCHUNG.stadt.example:443/",
            "https://a.b.intern.example/x?y=1",
            "https://hub.example:8443/",
        ] {
            assert_eq!(ziele.pruefe(good), Ok(()), "{good}");
        }
        for bad in [
            "http://buchung.stadt.example/eakte",
            "https://buchung.stadt.example:8443/",
            "https://hub.example/",
            "https://intern.example/",
            "https://boeseintern.example/",
            "https://buchung.stadt.example.boese.example/",
            "https://buchung.stadt.example@boese.example/",
            "https://kim:wort@buchung.stadt.example/",
            "https://127.0.0.1/",
            "http://127.0.0.1:9/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "/eakte",
            "buchung.stadt.example",
            "",
        ] {
            assert!(ziele.pruefe(bad).is_err(), "{bad}");
        }
        assert!(
            Ziele::new("", false).pruefe("https://buchung.stadt.example/").is_err(),
            "nothing is allowed by default"
        );
        assert!(Ziele::new("", true).pruefe("http://127.0.0.1:8080/x").is_ok(), "for tests");
        assert!(Ziele::new("", true).pruefe("http://localhost:8080/x").is_err(), "a name may mean anything");
    }

    #[test]
    fn no_address_of_this_machine_or_its_link() {
        let ziele = Ziele::new("*.example", false);
        for bad in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fd00:ec2::254",
        ] {
            assert!(!ziele.adresse(bad.parse().unwrap_or_else(|_| panic!("{bad}"))), "{bad}");
        }
        // Systems of the city live in its own network.
        for good in ["10.1.2.3", "192.168.7.7", "172.16.0.1", "193.99.144.80", "fd12:3456::1", "2a02:2e0::1"] {
            assert!(ziele.adresse(good.parse().unwrap_or_else(|_| panic!("{good}"))), "{good}");
        }
        assert!(Ziele::new("", true).adresse(IpAddr::from([127, 0, 0, 1])));
    }
}
