//! Export of a whole store to one file, and import of it into an empty one.
