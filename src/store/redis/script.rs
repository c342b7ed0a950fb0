//! The scripts, each with its contract in its own file, and a call as it is sent.

use std::sync::LazyLock;

use redis::{Cmd, ToRedisArgs};

/// A script that the server keeps by its hash.
pub struct Script(LazyLock<(redis::Script, &'static str)>);

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {$(
        pub static $name: Script = Script(LazyLock::new(|| {
            let code = include_str!(concat!("lua/", $file));
            (redis::Script::new(code), code)
        }));
    )*};
}

scripts! {
    ADOPT = "adopt.lua";
    ATTEMPT = "attempt.lua";
    BURN = "burn.lua";
    COMMIT = "commit.lua";
    FORGET = "forget.lua";
    GRANT = "grant.lua";
    HOLD = "hold.lua";
    LEAD = "lead.lua";
    LISTED = "listed.lua";
    PARK = "park.lua";
    PEEK = "peek.lua";
    PRESENT = "present.lua";
    RELEASE = "release.lua";
    RESIGN = "resign.lua";
    SWEEP = "sweep.lua";
    TIME = "time.lua";
}

/// One call of a script, with its keys and arguments.
pub struct Invocation {
    script: &'static Script,
    keys: Vec<String>,
    arguments: Cmd,
}

impl Script {
    /// Call it on these keys.
    pub fn on(&'static self, keys: impl IntoIterator<Item = String>) -> Invocation {
        Invocation {
            script: self,
            keys: keys.into_iter().collect(),
            arguments: Cmd::new(),
        }
    }
}

impl Invocation {
    /// With one argument more.
    pub fn with(mut self, argument: impl ToRedisArgs) -> Invocation {
        self.arguments.arg(argument);
        self
    }

    /// One of the keys, by which the server is found.
    pub fn key(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    /// The command that names the script by its hash.
    pub fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", self.script.0.0.get_hash())
    }

    /// The command that brings the whole script, which the server then keeps.
    pub fn whole(&self) -> Cmd {
        self.command("EVAL", self.script.0.1)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len()).arg(&self.keys);
        for argument in self.arguments.args_iter() {
            if let redis::Arg::Simple(bytes) = argument {
                command.arg(bytes);
            }
        }
        command
    }
}
