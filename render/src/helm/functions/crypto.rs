//! Placeholder.
pub fn define(_: &mut tiphys_template::Functions) {}
