//! (to be written)
pub enum Detail { Overview, Full }
pub fn dot(_: &super::Dialogue, _: Detail) -> String { String::new() }
pub fn mermaid(_: &super::Dialogue, _: Detail) -> String { String::new() }
