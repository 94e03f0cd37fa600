//! The store: a small etcd. Revisioned keys, atomic compare-and-write transactions, consistent ranges, a change feed, compaction.
//!
//! ```text
//!   Collection<T>   typed JSON records under one prefix; large ones are gzipped (`value`)
//!        │
//!   Database        async handle: one writer thread groups waiting transactions into one durable commit;
//!        │          watches replay the feed and follow it; a housekeeper compacts old history
//!   dyn Store       the trait a backend implements: synchronous, object-safe, and no wider than etcd
//!        │
//!   MemoryStore · storage-sqlite · storage-sled
//! ```
//!
//! Nothing above this crate names a backend except the program's `main` and the tests. The contract is written on
//! [`Store`]; the suite in `conformance` holds every backend to it.

pub mod collection;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod database;
pub mod directory;
mod error;
pub mod history;
mod memory;
mod store;
pub mod transfer;
mod types;
mod value;

pub use bytes::Bytes;
pub use collection::{Collection, Listing, Stored};
pub use database::{Database, DatabaseOptions, Watch};
pub use error::{Result, StoreError};
pub use memory::MemoryStore;
pub use store::Store;
pub use types::{
    Change, ChangePage, Compare, KeyValue, MAX_TXN_BYTES, MAX_TXN_OPS, Op, RangePage, RangeRequest,
    Revision, Txn, TxnOutcome, prefix_end,
};
