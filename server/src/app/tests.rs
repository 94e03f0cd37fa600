//! Rules of the operations, over a store in memory.
