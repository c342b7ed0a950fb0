//! What the bot's records stand on, as chaos sees it: a file, one Redis, a Cluster, or a master under
//! Sentinels, of which the last three lose servers.

use std::collections::HashSet;
use std::time::Duration;

use redis::cluster_routing::Slot;
use tokio::time::Instant;

use crate::disk::{Disk, Fsync};
use crate::redis_groups::{Cluster, Guarded, SLOTS};

/// With replicas the disk may be behind: what replicas have is not lost with it.
const BEHIND: [&str; 2] = ["--appendfsync", "everysec"];

/// Where records are.
pub enum Ground {
    File,
    One(Disk),
    Cluster(Cluster),
    Guarded(Guarded),
}

/// A server that was killed.
#[derive(Clone, Debug)]
pub struct Cut {
    pub at: Instant,
    /// Bytes that Redis had taken and the disk had not.
    pub bytes_lost: u64,
    /// How long it took until another had its place, where there are others.
    pub replaced_after: Option<Duration>,
    /// Which of the servers.
    which: usize,
    /// Of which slots it was the master; all where there are none.
    slots: HashSet<Slot>,
}

impl Cut {
    /// Whether the record with this key was there.
    pub fn concerns(&self, key: &str) -> bool {
        self.slots.is_empty() || self.slots.contains(&Slot::for_key(key))
    }
}

impl Ground {
    /// One Redis.
    pub fn one(fsync: Fsync) -> Ground {
        Ground::One(Disk::start(fsync))
    }

    /// Three masters, each with a replica.
    pub fn cluster() -> Ground {
        let quick = ["--cluster-node-timeout", "1500"];
        Ground::Cluster(Cluster::start(3, 1, &[&BEHIND[..], &quick[..]].concat()))
    }

    /// A master, two replicas and three Sentinels.
    pub fn guarded() -> Ground {
        Ground::Guarded(Guarded::start(2, 3, &BEHIND))
    }

    /// Its address as the program is told; none of a file.
    pub fn address(&self) -> Option<String> {
        match self {
            Ground::File => None,
            Ground::One(disk) => Some(format!("redis://127.0.0.1:{}", disk.server.port)),
            Ground::Cluster(cluster) => Some(cluster.written()),
            Ground::Guarded(guarded) => Some(guarded.written()),
        }
    }

    /// How many replicas have everything that is acknowledged.
    pub fn replicas(&self) -> Option<u32> {
        matches!(self, Ground::Cluster(_) | Ground::Guarded(_)).then_some(1)
    }

    /// Called several times a second while all servers run.
    pub fn look(&mut self) {
        if let Ground::One(disk) = self {
            disk.look();
        }
    }

    /// Whether a server may be killed: there is one, and all that it had is elsewhere too.
    pub fn may_be_cut(&self) -> bool {
        match self {
            Ground::File => false,
            Ground::One(_) => true,
            Ground::Cluster(cluster) => cluster.is_whole(),
            Ground::Guarded(guarded) => guarded.is_whole(),
        }
    }

    /// Kill a master.
    pub fn cut(&mut self, part: usize) -> Cut {
        let mut cut = Cut {
            at: Instant::now(),
            bytes_lost: 0,
            replaced_after: None,
            which: 0,
            slots: HashSet::new(),
        };
        match self {
            Ground::File => {}
            Ground::One(disk) => cut.bytes_lost = disk.cut_power(part),
            Ground::Cluster(cluster) => {
                let masters = cluster.masters(0);
                cut.which = masters[part % masters.len()].expect("Every slot has its master.");
                let theirs = (0..SLOTS).zip(&masters);
                let theirs = theirs.filter(|(_, master)| **master == Some(cut.which));
                cut.slots = theirs.filter_map(|(slot, _)| Slot::new(slot)).collect();
                cut.at = Instant::now();
                cluster.nodes[cut.which].kill();
            }
            Ground::Guarded(guarded) => {
                cut.which = guarded.master();
                cut.at = Instant::now();
                guarded.servers[cut.which].kill();
            }
        }
        cut
    }

    /// Whether another has taken the place of the server that was killed, so that it comes back as a
    /// replica.
    pub fn is_replaced(&self, cut: &Cut) -> bool {
        match self {
            Ground::File | Ground::One(_) => true,
            Ground::Cluster(cluster) => {
                let asked = usize::from(cut.which == 0);
                !cluster.masters(asked).contains(&Some(cut.which))
            }
            Ground::Guarded(guarded) => guarded.master() != cut.which,
        }
    }

    /// Start the server again.
    pub fn restore(&mut self, cut: &Cut) {
        match self {
            Ground::File => {}
            Ground::One(disk) => disk.server.restart(),
            Ground::Cluster(cluster) => cluster.nodes[cut.which].restart(),
            Ground::Guarded(guarded) => guarded.servers[cut.which].restart(),
        }
    }
}
