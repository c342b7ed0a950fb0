//! Where Redis is, as one line of text.
//!
//! `redis://[user:password@]host[:port][/db]`, `redis-sentinel://[user:password@]host[:port],…/master[/db]`
//! with `?sentinel_user=…&sentinel_password=…` where the Sentinels ask for them, and
//! `redis-cluster://[user:password@]host[:port],…`. With `rediss` in the place of `redis` the
//! connection is encrypted; `?ca=FILE` names the certificate that signed the servers'. A character
//! of a user or password that has a meaning in an address is written as `%` and two digits.

use std::fmt;
use std::fs;
use std::str::FromStr;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisResult,
    TlsCertificates,
};
use thiserror::Error;

use super::sentinel::Question;

/// The port of a Sentinel that names none.
const SENTINEL_PORT: u16 = 26379;

/// Where Redis is, and how to come in. Printed, it tells no user and no password.
#[derive(Clone)]
pub struct Address {
    pub(super) place: Place,
    tls: Option<TlsCertificates>,
    shown: String,
}

/// One server, or several that belong together.
#[derive(Clone)]
pub(super) enum Place {
    Single(ConnectionInfo),
    Sentinel(Question),
    Cluster(Vec<ConnectionInfo>),
}

/// An address that cannot be read. It tells no part of it, since one may be a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It begins with something else.
    #[error(
        "an address of Redis begins with redis://, redis-sentinel:// or redis-cluster://, or with rediss for an encrypted connection"
    )]
    Scheme,
    /// A host, port, user or password.
    #[error("host number {0} in the address of Redis cannot be read; it is written host:port")]
    Host(usize),
    /// The name of the master.
    #[error(
        "the address of Redis with Sentinels ends with the name of the master: redis-sentinel://host:26379,host:26379/NAME"
    )]
    Master,
    /// The number of the database.
    #[error("the address of Redis ends with something else than the number of a database")]
    Database,
    /// A Cluster has one.
    #[error("a Redis Cluster has one database only; take its number out of the address")]
    ClusterDatabase,
    /// What follows a question mark.
    #[error("after the question mark, an address of Redis knows {0} only")]
    Query(&'static str),
    /// Encryption.
    #[error("?ca= in the address of Redis is for an encrypted connection; begin it with rediss")]
    Plain,
    /// The certificate.
    #[error("the certificate that ?ca= in the address of Redis names cannot be read: {0}")]
    Certificate(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(AddressError::Scheme)?;
        let (kind, is_encrypted) = match scheme.strip_prefix("rediss") {
            Some(kind) => (kind, true),
            None => (
                scheme.strip_prefix("redis").ok_or(AddressError::Scheme)?,
                false,
            ),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let path = path.trim_end_matches('/');
        let query = Query::parse(query, kind == "-sentinel")?;
        let host = |n: usize, login: &str, host: &str| {
            one(is_encrypted, login, host).ok_or(AddressError::Host(n + 1))
        };
        let place = match kind {
            "" => {
                let info = host(0, login, hosts)?;
                let login = at_database(info.redis_settings(), path)?;
                Place::Single(info.set_redis_settings(login))
            }
            "-sentinel" => {
                let (master, database) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err(AddressError::Master);
                }
                let login = host(0, login, "localhost")?;
                let sentinels = hosts.split(',').enumerate().map(|(n, name)| {
                    let name = with_port(name, SENTINEL_PORT);
                    host(n, &query.sentinel_login(), &name)
                });
                Place::Sentinel(Question {
                    sentinels: sentinels.collect::<Result<_, _>>()?,
                    master: master.to_owned(),
                    login: at_database(login.redis_settings(), database)?,
                })
            }
            "-cluster" => {
                if !path.is_empty() && path != "0" {
                    return Err(AddressError::ClusterDatabase);
                }
                let nodes = hosts.split(',').enumerate();
                let nodes = nodes.map(|(n, name)| host(n, login, name));
                Place::Cluster(nodes.collect::<Result<_, _>>()?)
            }
            _ => return Err(AddressError::Scheme),
        };
        let path = if path.is_empty() {
            ""
        } else {
            &format!("/{path}")
        };
        Ok(Address {
            place,
            tls: query.certificates(is_encrypted)?,
            shown: format!("{scheme}://{hosts}{path}"),
        })
    }
}

impl Address {
    /// Whether the servers choose a new master by themselves, so that there are replicas.
    pub fn has_sentinels(&self) -> bool {
        matches!(self.place, Place::Sentinel(_))
    }

    /// A way to one server.
    pub(super) fn client(&self, info: ConnectionInfo) -> RedisResult<Client> {
        match &self.tls {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        }
    }

    /// The server of this name and port, reached like the others.
    pub(super) fn elsewhere(
        &self,
        like: &ConnectionInfo,
        host: String,
        port: u16,
    ) -> ConnectionInfo {
        let addr = match like.addr() {
            ConnectionAddr::TcpTls { .. } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        like.clone().set_addr(addr)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// One server. The crate undoes the `%` signs.
fn one(is_encrypted: bool, login: &str, host: &str) -> Option<ConnectionInfo> {
    if host.is_empty() || host.contains([',', '#']) {
        return None;
    }
    let scheme = if is_encrypted { "rediss" } else { "redis" };
    let login = match login {
        "" => String::new(),
        login => format!("{login}@"),
    };
    format!("{scheme}://{login}{host}")
        .into_connection_info()
        .ok()
}

/// A host with a port. An address of IPv6 stands in brackets, so that its colons are no port.
fn with_port(host: &str, port: u16) -> String {
    let name_ends = host.rfind(']').unwrap_or(0);
    if host[name_ends..].contains(':') {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    }
}

fn at_database(
    login: &RedisConnectionInfo,
    text: &str,
) -> Result<RedisConnectionInfo, AddressError> {
    let database = match text {
        "" => 0,
        text => text.parse::<u32>().map_err(|_| AddressError::Database)?,
    };
    Ok(login.clone().set_db(i64::from(database)))
}

/// What follows the question mark.
#[derive(Default)]
struct Query<'a> {
    ca: Option<&'a str>,
    sentinel_user: &'a str,
    sentinel_password: &'a str,
}

impl<'a> Query<'a> {
    fn parse(text: &'a str, has_sentinels: bool) -> Result<Query<'a>, AddressError> {
        let mut query = Query::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("ca", path)) => query.ca = Some(path),
                Some(("sentinel_user", user)) if has_sentinels => query.sentinel_user = user,
                Some(("sentinel_password", word)) if has_sentinels => {
                    query.sentinel_password = word;
                }
                _ if has_sentinels => {
                    return Err(AddressError::Query(
                        "ca, sentinel_user and sentinel_password",
                    ));
                }
                _ => return Err(AddressError::Query("ca")),
            }
        }
        Ok(query)
    }

    fn sentinel_login(&self) -> String {
        match (self.sentinel_user, self.sentinel_password) {
            ("", "") => String::new(),
            (user, password) => format!("{user}:{password}"),
        }
    }

    fn certificates(&self, is_encrypted: bool) -> Result<Option<TlsCertificates>, AddressError> {
        let Some(path) = self.ca else {
            return Ok(None);
        };
        if !is_encrypted {
            return Err(AddressError::Plain);
        }
        let root_cert =
            fs::read(path).map_err(|why| AddressError::Certificate(why.kind().to_string()))?;
        Ok(Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn refused(text: &str) -> AddressError {
        text.parse::<Address>().unwrap_err()
    }

    #[test]
    fn one_server_with_everything() {
        let address = read("rediss://ann:p%40ss@example.org:7000/3");
        let Place::Single(info) = &address.place else {
            panic!("{address:?}");
        };
        assert_eq!(info.addr().to_string(), "example.org:7000");
        assert!(matches!(
            info.addr(),
            ConnectionAddr::TcpTls {
                insecure: false,
                ..
            }
        ));
        let login = info.redis_settings();
        assert_eq!(login.username(), Some("ann"));
        assert_eq!(login.password(), Some("p@ss"));
        assert_eq!(login.db(), 3);
        assert_eq!(address.to_string(), "rediss://example.org:7000/3");
    }

    #[test]
    fn sentinels_have_a_login_and_a_port_of_their_own() {
        let address = read(
            "redis-sentinel://:word@one,[::1]:5000/mymaster/2?sentinel_user=guard&sentinel_password=post",
        );
        let Place::Sentinel(Question {
            sentinels,
            master,
            login,
        }) = &address.place
        else {
            panic!("{address:?}");
        };
        let places: Vec<_> = sentinels.iter().map(|s| s.addr().to_string()).collect();
        assert_eq!(places, ["one:26379", "::1:5000"]);
        assert_eq!(master, "mymaster");
        assert_eq!((login.password(), login.db()), (Some("word"), 2));
        let guard = sentinels[0].redis_settings();
        assert_eq!(
            (guard.username(), guard.password()),
            (Some("guard"), Some("post"))
        );
    }

    #[test]
    fn a_cluster_has_many_nodes() {
        let address = read("redis-cluster://ann:word@one:1,two:2");
        let Place::Cluster(nodes) = &address.place else {
            panic!("{address:?}");
        };
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes[1].redis_settings().password(), Some("word"));
    }

    #[test]
    fn no_password_is_printed() {
        for text in [
            "redis://ann:canary@one",
            "redis-sentinel://:canary@one/m?sentinel_password=canary",
            "rediss-cluster://ann:canary@one,two",
        ] {
            let address = read(text);
            assert!(
                !format!("{address} {address:?}").contains("canary"),
                "{text}"
            );
        }
        let said = refused("redis://ann:canary@one:port:two");
        assert!(!format!("{said} {said:?}").contains("canary"));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_with_the_way_out() {
        assert_eq!(refused("localhost:6379"), AddressError::Scheme);
        assert_eq!(refused("http://localhost"), AddressError::Scheme);
        assert_eq!(refused("redis-ring://localhost"), AddressError::Scheme);
        assert_eq!(refused("redis://"), AddressError::Host(1));
        assert_eq!(refused("redis://one,two"), AddressError::Host(1));
        assert_eq!(refused("redis-cluster://one,"), AddressError::Host(2));
        assert_eq!(
            refused("redis-cluster://one/1"),
            AddressError::ClusterDatabase
        );
        assert_eq!(refused("redis-sentinel://one"), AddressError::Master);
        assert_eq!(refused("redis://one/two"), AddressError::Database);
        assert_eq!(
            refused("redis://one?sentinel_user=a"),
            AddressError::Query("ca")
        );
        assert_eq!(refused("redis://one?ca=x"), AddressError::Plain);
        assert!(matches!(
            refused("rediss://one?ca=/does/not/exist"),
            AddressError::Certificate(_)
        ));
    }
}
