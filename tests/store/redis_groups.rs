//! Redis servers that stand in for each other: a Cluster, and a master with replicas under Sentinels.
//!
//! `redis_server` starts each of them. Used by the tests of the store and by the soak test.

use std::fs;

use backtalk::store::redis::{Address, RedisStore};
use redis::cluster::{ClusterClient, ClusterConnection};

use crate::redis_server::{Server, store_at, wait_until};

/// Slots of any Cluster.
pub const SLOTS: u16 = 16384;

/// How the Sentinels call their master.
const MASTER: &str = "back";

/// A Cluster. Its first nodes began as masters.
pub struct Cluster {
    pub nodes: Vec<Server>,
    masters: usize,
}

impl Cluster {
    /// Start so many masters, each with so many replicas, with more settings of the servers.
    pub fn start(masters: usize, replicas_each: usize, more: &[&str]) -> Cluster {
        let own = [
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "2000",
            "--cluster-require-full-coverage",
            "no",
            "--repl-diskless-sync-delay",
            "0",
        ];
        let settings = [&own, more].concat();
        let count = masters * (1 + replicas_each);
        let nodes: Vec<Server> = (0..count).map(|_| Server::start(&settings)).collect();
        for (n, node) in nodes.iter().enumerate() {
            node.run(&format!("CLUSTER SET-CONFIG-EPOCH {}", n + 1));
            node.run(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port));
        }
        for (n, node) in nodes.iter().take(masters).enumerate() {
            let mut slots = redis::cmd("CLUSTER");
            slots.arg("ADDSLOTS");
            (0..SLOTS)
                .filter(|slot| usize::from(*slot) * masters / usize::from(SLOTS) == n)
                .for_each(|slot| {
                    slots.arg(slot);
                });
            slots.exec(&mut node.control()).unwrap();
        }
        let cluster = Cluster { nodes, masters };
        wait_until("A Cluster that knows itself", || {
            (0..count).all(|n| cluster.knows_itself(n))
        });
        for n in masters..count {
            let master: String =
                redis::from_redis_value(cluster.nodes[n % masters].run("CLUSTER MYID")).unwrap();
            cluster.nodes[n].run(&format!("CLUSTER REPLICATE {master}"));
        }
        cluster.wait_until_whole();
        cluster
    }

    /// Wait until every slot has its master, and every master its replicas.
    pub fn wait_until_whole(&self) {
        wait_until("The whole Cluster", || self.is_whole());
    }

    /// Whether every slot has its master, and every master its replicas. All servers must run.
    pub fn is_whole(&self) -> bool {
        let replicas = self.nodes.iter().filter(|node| is_in_step(node)).count();
        replicas == self.nodes.len() - self.masters
            && (0..self.nodes.len()).all(|n| self.knows_itself(n))
    }

    fn knows_itself(&self, n: usize) -> bool {
        let info = text(&self.nodes[n], "CLUSTER INFO");
        let known = format!("known_nodes:{}", self.nodes.len());
        let size = format!("size:{}", self.masters);
        ["state:ok", &size, "slots_ok:16384", &known]
            .iter()
            .all(|line| info.contains(&format!("cluster_{line}\r")))
    }

    /// The address of all nodes, as the program is told.
    pub fn address(&self) -> Address {
        self.written().parse().unwrap()
    }

    /// The same, as it is written.
    pub fn written(&self) -> String {
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        format!("redis-cluster://{}", nodes.join(","))
    }

    /// A store on it with this prefix.
    pub async fn store(&self, prefix: &str) -> RedisStore {
        store_at(&self.address(), prefix).await
    }

    /// A connection to look at it and to spoil it.
    pub fn control(&self) -> ClusterConnection {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|node| format!("redis://127.0.0.1:{}", node.port));
        ClusterClient::new(nodes).unwrap().get_connection().unwrap()
    }

    /// The place in `nodes` of the master of this slot, as the node `asked` knows it.
    pub fn master_of(&self, slot: u16, asked: usize) -> Option<usize> {
        self.masters(asked)[usize::from(slot)]
    }

    /// The place in `nodes` of the master of each slot, as the node `asked` knows it.
    pub fn masters(&self, asked: usize) -> Vec<Option<usize>> {
        let mut masters = vec![None; usize::from(SLOTS)];
        for line in text(&self.nodes[asked], "CLUSTER NODES").lines() {
            let words: Vec<&str> = line.split(' ').collect();
            // A line is: id, address, flags, master, ping, pong, epoch, state, slots.
            let (before_bus, _) = words[1].split_once('@').unwrap();
            let (_, port) = before_bus.rsplit_once(':').unwrap();
            let port: u16 = port.parse().unwrap();
            let node = self.nodes.iter().position(|node| node.port == port);
            for range in words.iter().skip(8).filter(|word| !word.starts_with('[')) {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                masters[first..=last].fill(node);
            }
        }
        masters
    }
}

/// A master with its replicas, and the Sentinels over them, which stand first so that they end
/// before they see the others end.
pub struct Guarded {
    pub sentinels: Vec<Server>,
    /// The first began as the master.
    pub servers: Vec<Server>,
}

impl Guarded {
    /// Start a master with so many replicas and Sentinels, with more settings of the servers. More
    /// than half of the Sentinels must agree.
    pub fn start(replicas: usize, sentinels: usize, more: &[&str]) -> Guarded {
        let master = Server::start(&[&["--repl-diskless-sync-delay", "0"], more].concat());
        let port = master.port.to_string();
        let follows = [&["--replicaof", "127.0.0.1", &port], more].concat();
        let mut servers = vec![master];
        servers.extend((0..replicas).map(|_| Server::start(&follows)));
        let quorum = sentinels / 2 + 1;
        let sentinel = || {
            Server::start_as(|own, folder| {
                let file = format!("{folder}/sentinel.conf");
                let settings = format!(
                    "port {own}\nbind 127.0.0.1\ndir {folder}\n\
                     sentinel monitor {MASTER} 127.0.0.1 {port} {quorum}\n\
                     sentinel down-after-milliseconds {MASTER} 1000\n\
                     sentinel failover-timeout {MASTER} 4000\n"
                );
                fs::write(&file, settings).unwrap();
                vec![file, "--sentinel".into()]
            })
        };
        let sentinels = (0..sentinels).map(|_| sentinel()).collect();
        let guarded = Guarded { sentinels, servers };
        wait_until("The replicas", || guarded.is_whole());
        guarded
    }

    /// Whether all replicas follow, and every Sentinel knows of them and of the other Sentinels. All
    /// servers must run.
    pub fn is_whole(&self) -> bool {
        let replicas = self.servers.iter().filter(|server| is_in_step(server));
        let others = format!("num-other-sentinels\n{}\n", self.sentinels.len() - 1);
        let follow = format!("num-slaves\n{}\n", self.servers.len() - 1);
        replicas.count() == self.servers.len() - 1
            && self.sentinels.iter().all(|sentinel| {
                let mut control = sentinel.control();
                let mut asked = redis::cmd("SENTINEL");
                let seen: redis::RedisResult<Vec<String>> =
                    asked.arg("MASTER").arg(MASTER).query(&mut control);
                seen.is_ok_and(|seen| {
                    let seen = seen.join("\n") + "\n";
                    seen.contains(&others) && seen.contains(&follow)
                })
            })
    }

    /// A store on it with this prefix.
    pub async fn store(&self, prefix: &str) -> RedisStore {
        store_at(&self.address(), prefix).await
    }

    /// The place in `servers` of the master, as the first Sentinel knows it.
    pub fn master(&self) -> usize {
        let asked = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {MASTER}");
        let (_, port): (String, u16) =
            redis::from_redis_value(self.sentinels[0].run(&asked)).unwrap();
        let mut servers = self.servers.iter();
        servers.position(|server| server.port == port).unwrap()
    }

    /// The address of the Sentinels, as the program is told. The first that it names is not there.
    pub fn address(&self) -> Address {
        self.written().parse().unwrap()
    }

    /// The same, as it is written.
    pub fn written(&self) -> String {
        let sentinels: Vec<String> = self
            .sentinels
            .iter()
            .map(|sentinel| format!("127.0.0.1:{}", sentinel.port))
            .collect();
        format!(
            "redis-sentinel://127.0.0.1:1,{}/{MASTER}",
            sentinels.join(",")
        )
    }
}

/// Whether it is a replica that has all that its master had when it joined.
fn is_in_step(server: &Server) -> bool {
    let info = text(server, "INFO replication");
    info.contains("role:slave\r") && info.contains("master_link_status:up\r")
}

fn text(server: &Server, command: &str) -> String {
    redis::from_redis_value(server.run(command)).unwrap()
}
