//! Between two real backends: a directory of the one is refused by the other, and everything moves through one file.

use std::io::Cursor;

use tiphys_storage::{
    Bytes, RangeRequest, Store, StoreError, Txn,
    transfer::{TransferError, export, import},
};
use tiphys_storage_sled::SledStore;
use tiphys_storage_sqlite::SqliteStore;

fn values(store: &dyn Store) -> Vec<(Bytes, Bytes)> {
    let page = store.range(&RangeRequest::all()).expect("it reads");
    page.kvs.into_iter().map(|kv| (kv.key, kv.value)).collect()
}

#[test]
fn everything_moves_from_sqlite_to_sled_and_back() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let first = SqliteStore::open(&place.path().join("first")).expect("it opens");
    for n in 0..1500_usize {
        let value = n.to_string().repeat(n % 300 + 1).into_bytes();
        let results = first.commit(vec![Txn::new().put(format!("/k/{n:04}"), value)]);
        assert!(results[0].is_ok());
    }
    let all = values(&first);
    let mut file = Vec::new();
    export(&first, Some("seal-key-1"), &mut file).expect("it exports");
    let second = SledStore::open(&place.path().join("second")).expect("it opens");
    let header = import(&mut Cursor::new(&file), &second).expect("it is whole");
    assert_eq!((header.count, header.revision), (1500, 1500));
    assert_eq!(header.seal_key_id.as_deref(), Some("seal-key-1"));
    assert!(values(&second) == all);
    let again = import(&mut Cursor::new(&file), &second);
    assert!(matches!(again, Err(TransferError::NotEmpty { .. })));
    let mut file = Vec::new();
    export(&second, None, &mut file).expect("it exports");
    let third = SqliteStore::open(&place.path().join("third")).expect("it opens");
    import(&mut Cursor::new(&file), &third).expect("it is whole");
    assert!(values(&third) == all);
}

#[test]
fn a_directory_of_the_other_backend_is_refused_by_name() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let (sqlite, sled) = (place.path().join("sqlite"), place.path().join("sled"));
    drop(SqliteStore::open(&sqlite).expect("it opens"));
    drop(SledStore::open(&sled).expect("it opens"));
    let refused = SledStore::open(&sqlite).map(drop);
    assert!(
        matches!(&refused, Err(StoreError::OtherBackend { found, wanted: "sled", .. }) if found == "sqlite"),
        "{refused:?}"
    );
    let refused = SqliteStore::open(&sled).map(drop);
    assert!(
        matches!(&refused, Err(StoreError::OtherBackend { found, wanted: "sqlite", .. }) if found == "sled"),
        "{refused:?}"
    );
    drop(SqliteStore::open(&sqlite).expect("it opens as before"));
    drop(SledStore::open(&sled).expect("it opens as before"));
}
