//! The sled backend against the conformance suite.

mod moves;

use std::sync::Arc;

use tiphys_storage::{Store, conformance::Open};
use tiphys_storage_sled::SledStore;

const OPEN: Open = |directory| Ok(Arc::new(SledStore::open(directory)?) as Arc<dyn Store>);

tiphys_storage::conformance_tests!(OPEN);
tiphys_storage::durable_conformance_tests!(OPEN, "");
