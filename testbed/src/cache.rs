//! The folder outside the checkout that holds what is built or started once and used again.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};

/// `$XDG_CACHE_HOME/tiphys`, or `~/.cache/tiphys`; it exists on return.
///
/// # Errors
/// When neither variable is set or the folder cannot be made.
pub fn folder() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
        Some(base) => PathBuf::from(base),
        None => {
            PathBuf::from(env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?)
                .join(".cache")
        }
    };
    let folder = base.join("tiphys");
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the cache folder {}", folder.display()))?;
    Ok(folder)
}
