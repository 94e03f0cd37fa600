//! The store in memory against the conformance suite, and the asynchronous handle over it.

mod collection;
mod database;

mod memory {
    //! [`MemoryStore`] is a store like the others, as long as it is open.
    use std::sync::Arc;

    use tiphys_storage::{MemoryStore, Store, conformance::Open};

    const OPEN: Open = |_| Ok(Arc::new(MemoryStore::new()) as Arc<dyn Store>);

    tiphys_storage::conformance_tests!(OPEN);
}
