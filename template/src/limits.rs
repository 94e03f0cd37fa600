//! How much an execution may do.

/// The limits of a rendering. Reaching one is an error that names it; [`crate::ExecError::is_limit`] tells such an error from
/// one in the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes evaluated, iterations run and units of work that functions report with [`crate::Call::spend`], over all templates
    /// of a rendering.
    pub steps: u64,
    /// Bytes of strings that functions and templates make, results thrown away included, over all templates of a rendering.
    pub bytes: u64,
    /// Bytes of one output or one string.
    pub value_bytes: usize,
    /// Depth of templates within templates (Go: 100,000).
    pub template_depth: usize,
    /// How often a template may be under way at the same time through `include` (Helm: 1,000).
    pub include_depth: usize,
    /// How many executions may be under way one in another, through `include` and `tpl` together.
    pub nested_depth: usize,
    /// Depth of lists and maps within one another when they are printed.
    pub value_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 100_000_000,
            bytes: 1 << 30,
            value_bytes: 128 << 20,
            template_depth: 100_000,
            include_depth: 1_000,
            nested_depth: 5_000,
            value_depth: 10_000,
        }
    }
}
