//! The language of Go's `text/template`, with Go's values, formatting and errors.
