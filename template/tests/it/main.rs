//! The engine from outside: goldens of Go, limits, and input of any kind.

mod any_input;
mod goldens;
mod limits;
mod nested;
