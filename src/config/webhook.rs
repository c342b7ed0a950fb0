//! How updates come by webhook.

use std::net::SocketAddr;

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::{Host, Url};

use super::ConfigError;

/// Telegram's own default of connections at once.
const CONNECTIONS: u8 = 40;

/// The ports of a webhook that Telegram knows (Bot API, `setWebhook`).
const PORTS: [u16; 4] = [443, 80, 88, 8443];

/// Where Telegram posts updates to.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The address for Telegram.
    pub url: Url,
    /// Where the program listens. Something before it may end TLS.
    pub listen: SocketAddr,
    /// What Telegram sends with each update.
    pub secret: SecretString,
    /// How many updates Telegram may send at once, 1 to 100.
    pub connections: u8,
}

/// What was said of a webhook.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    /// The address for Telegram.
    pub url: Option<&'a str>,
    /// Where the program listens.
    pub listen: Option<SocketAddr>,
    /// What Telegram is to send with each update.
    pub secret: Option<&'a str>,
    /// How many updates Telegram may send at once.
    pub connections: Option<u8>,
}

/// The webhook, where one is wanted. `is_local` tells that the Bot API is not Telegram's own, which
/// may post without TLS and to any port.
pub fn webhook(
    said: &Said,
    token: &SecretString,
    is_local: bool,
) -> Result<Option<Webhook>, ConfigError> {
    let given = |text: Option<&str>| {
        text.map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    let secret = given(said.secret);
    let Some(url) = given(said.url) else {
        if secret.is_some() {
            return Err(ConfigError::NoWebhook("BACKTALK_WEBHOOK_SECRET"));
        }
        if said.connections.is_some() {
            return Err(ConfigError::NoWebhook("BACKTALK_WEBHOOK_CONNECTIONS"));
        }
        return Ok(None);
    };
    let url: Url = url.parse().map_err(|_| ConfigError::BadWebhook)?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_good = match url.scheme() {
        "https" => is_local || PORTS.contains(&url.port().unwrap_or(443)),
        "http" => is_local || is_loopback,
        _ => false,
    };
    if !is_good || url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::BadWebhook);
    }
    if let "/" | "/healthz" | "/readyz" | "/metrics" = url.path() {
        return Err(ConfigError::WebhookPath);
    }
    let secret = match secret {
        Some(secret) if is_secret(&secret) => secret.into(),
        Some(_) => return Err(ConfigError::BadWebhookSecret),
        None => derived(token),
    };
    Ok(Some(Webhook {
        url,
        listen: said.listen.ok_or(ConfigError::NoListen)?,
        secret,
        connections: said.connections.unwrap_or(CONNECTIONS),
    }))
}

/// What Telegram takes as a secret, if it is not too short to be one.
fn is_secret(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (16..=256).contains(&text.len()) && text.bytes().all(fits)
}

/// A secret that all processes of a bot come to, and nobody who does not know its token.
fn derived(token: &SecretString) -> SecretString {
    // Any length of a key will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.expose_secret().as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(b"backtalk webhook secret 1");
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    hex.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn made(said: &Said, is_local: bool) -> Result<Option<Webhook>, String> {
        webhook(said, &TOKEN.into(), is_local).map_err(|e| e.to_string())
    }

    fn at(url: &str) -> Said<'_> {
        Said {
            url: Some(url),
            listen: Some(([0, 0, 0, 0], 8080).into()),
            ..Said::default()
        }
    }

    #[test]
    fn without_an_address_there_is_none_and_nothing_else_may_be_said() {
        assert!(made(&Said::default(), false).unwrap().is_none());
        let secret = Said {
            secret: Some("0123456789abcdef"),
            ..Said::default()
        };
        assert!(
            made(&secret, false)
                .unwrap_err()
                .contains("BACKTALK_WEBHOOK_URL")
        );
        let connections = Said {
            connections: Some(7),
            ..Said::default()
        };
        assert!(made(&connections, false).is_err());
    }

    #[test]
    fn telegram_posts_with_tls_to_its_four_ports_and_a_server_of_ones_own_anywhere() {
        for (url, is_local, is_good) in [
            ("https://bot.example.org/telegram", false, true),
            ("https://bot.example.org:8443/telegram", false, true),
            ("https://bot.example.org:8080/telegram", false, false),
            ("https://bot.example.org:8080/telegram", true, true),
            ("http://bot.example.org/telegram", false, false),
            ("http://bot.example.org/telegram", true, true),
            ("http://127.0.0.1:8080/telegram", false, true),
            ("https://bot.example.org/", false, false),
            ("https://bot.example.org/metrics", false, false),
            ("https://bot.example.org/telegram?a=b", false, false),
            ("bot.example.org/telegram", false, false),
        ] {
            assert_eq!(made(&at(url), is_local).is_ok(), is_good, "{url}");
        }
    }

    #[test]
    fn all_processes_come_to_the_same_secret_which_is_not_shown() {
        let one = made(&at("https://a.org/t"), false).unwrap().unwrap();
        let other = made(&at("https://b.org/t"), false).unwrap().unwrap();
        assert_eq!(one.secret.expose_secret(), other.secret.expose_secret());
        assert!(is_secret(one.secret.expose_secret()));
        assert!(!TOKEN.contains(one.secret.expose_secret()));
        assert!(!format!("{one:?}").contains(one.secret.expose_secret()));
    }

    #[test]
    fn a_secret_that_telegram_would_refuse_or_anybody_guess_is_refused() {
        for (secret, is_good) in [
            ("0123456789abc-_Z", true),
            ("short", false),
            ("0123456789abcde!", false),
        ] {
            let said = Said {
                secret: Some(secret),
                ..at("https://a.org/t")
            };
            assert_eq!(made(&said, false).is_ok(), is_good, "{secret}");
        }
    }

    #[test]
    fn a_webhook_needs_a_place_to_listen() {
        let said = Said {
            listen: None,
            ..at("https://a.org/t")
        };
        assert!(made(&said, false).unwrap_err().contains("BACKTALK_LISTEN"));
    }
}
