//! The library as a whole.
