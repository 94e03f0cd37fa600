//! The SQLite backend against the conformance suite.

use std::sync::Arc;

use tiphys_storage::{Store, conformance::Open};
use tiphys_storage_sqlite::SqliteStore;

const OPEN: Open = |directory| Ok(Arc::new(SqliteStore::open(directory)?) as Arc<dyn Store>);

tiphys_storage::conformance_tests!(OPEN);
tiphys_storage::durable_conformance_tests!(OPEN, "");
