//! The data directory: its lock, and the marker that names backend and format.
