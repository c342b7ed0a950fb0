//! (to be written)
pub fn all() -> Vec<(&'static str, String)> { Vec::new() }
