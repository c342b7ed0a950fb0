//! (to be written)
pub fn check(_: &super::Dialogue, _: &super::issue::Sources) -> Vec<super::issue::Issue> { Vec::new() }
pub fn sources_matrix(_: &super::Dialogue) -> String { String::new() }
pub fn grades(_: &super::Dialogue) -> String { String::new() }
pub fn taps(_: &[crate::vignettes::Outcome]) -> String { String::new() }
