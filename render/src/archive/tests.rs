use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::tree::Tree;

fn pack(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, data) in entries {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *data).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn error(name: &str) -> ArchiveError {
    files(
        &pack(&[(name, EntryType::Regular, b"x")]),
        &ArchiveLimits::default(),
    )
    .expect_err(name)
}

#[test]
fn the_first_name_is_dropped() {
    let packed = pack(&[
        ("web/", EntryType::Directory, b""),
        (
            "web/Chart.yaml",
            EntryType::Regular,
            b"\xef\xbb\xbfname: web",
        ),
        ("web/templates/./a.yaml", EntryType::Regular, b"a"),
        ("win\\templates\\b.yaml", EntryType::Regular, b"b"),
    ]);
    let found = files(&packed, &ArchiveLimits::default()).unwrap();
    let names: Vec<_> = found.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["Chart.yaml", "templates/a.yaml", "templates/b.yaml"]
    );
    assert_eq!(found[0].data, b"name: web");
    let tree = tree(&packed, &ArchiveLimits::default()).unwrap();
    let path = TreePath::new("templates/b.yaml").unwrap();
    assert_eq!(tree.read(&path, 10).unwrap().as_ref(), b"b");
}

#[test]
fn nothing_leaves_the_base_folder() {
    assert_eq!(error("web/../../etc/passwd"), ArchiveError::Parent);
    assert_eq!(error("web//etc/passwd"), ArchiveError::Absolute);
    assert_eq!(error("web/..hidden"), ArchiveError::Parent);
    assert_eq!(error("web/c:/x"), ArchiveError::Name);
    assert_eq!(error("Chart.yaml/x"), ArchiveError::ChartBesideBase);
    assert_eq!(error("Chart.yaml"), ArchiveError::ChartBesideBase);
    assert_eq!(error("file"), ArchiveError::OutsideBase("file".into()));
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Fifo,
    ] {
        let packed = pack(&[("web/link", kind, b"")]);
        assert_eq!(
            files(&packed, &ArchiveLimits::default()),
            Err(ArchiveError::Special("web/link".into()))
        );
    }
}

#[test]
fn bombs_end_at_a_limit() {
    let zeros = vec![0; 4 << 20];
    let packed = pack(&[("web/a", EntryType::Regular, &zeros)]);
    assert!(packed.len() < 40_000, "{}", packed.len());
    assert_eq!(
        files(
            &packed,
            &ArchiveLimits {
                ratio: 50,
                ..ArchiveLimits::default()
            }
        ),
        Err(too_much(50, "unpacked bytes for each packed one"))
    );
    let limits = ArchiveLimits {
        file_bytes: 1000,
        ..ArchiveLimits::default()
    };
    assert_eq!(
        files(&packed, &limits),
        Err(too_much(1000, "bytes in one file"))
    );
    let many: Vec<_> = (0..50)
        .map(|_| ("web/a", EntryType::Regular, b"x".as_slice()))
        .collect();
    let limits = ArchiveLimits {
        entries: 20,
        ..ArchiveLimits::default()
    };
    assert_eq!(files(&pack(&many), &limits), Err(too_much(20, "entries")));
    let limits = ArchiveLimits {
        packed_bytes: 20,
        ..ArchiveLimits::default()
    };
    assert_eq!(files(&packed, &limits), Err(too_much(20, "bytes")));
}

/// A GNU header of one entry and what follows it; the size may lie.
fn with_header(kind: EntryType, name: &str, size: u64, rest: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    if kind == EntryType::GNUSparse
        && let Some(gnu) = header.as_gnu_mut()
    {
        gnu.set_real_size(1 << 40);
    }
    header.set_cksum();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(header.as_bytes()).unwrap();
    gzip.write_all(rest).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn headers_that_lie_and_names_without_end_are_refused() {
    let limits = ArchiveLimits::default();
    let mut long = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = Header::new_gnu();
    header.set_size(1);
    let name = format!("web/{}", "a/".repeat(600) + "x");
    long.append_data(&mut header, name, b"x".as_slice())
        .unwrap();
    let long = long.into_inner().unwrap().finish().unwrap();
    assert_eq!(
        files(&long, &limits),
        Err(too_much(1024, "characters in one path"))
    );
    // A file of a terabyte that takes no place in the archive.
    let sparse = with_header(EntryType::GNUSparse, "web/sparse", 0, &[0; 1024]);
    assert!(files(&sparse, &limits).is_err());
    // More is promised than comes.
    let short = with_header(EntryType::Regular, "web/a", 4096, &[7; 600]);
    assert!(matches!(
        files(&short, &limits),
        Err(ArchiveError::Format(_))
    ));
    // A name or an attribute that would fill the memory: the stream ends where the archive's bytes permit no more.
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        let name = with_header(kind, "././@LongLink", 1 << 40, &vec![b'a'; 8 << 20]);
        assert!(files(&name, &limits).is_err(), "{kind:?}");
    }
}

#[test]
fn what_follows_the_end_is_not_read() {
    let packed = pack(&[("web/a", EntryType::Regular, b"x")]);
    let mut more = GzEncoder::new(packed, Compression::fast());
    more.write_all(&vec![0; 64 << 20]).unwrap();
    let packed = more.finish().unwrap();
    let found = files(&packed, &ArchiveLimits::default()).unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn an_absolute_path_loses_its_beginning() {
    let packed = pack(&[("/etc/passwd", EntryType::Regular, b"x")]);
    let found = files(&packed, &ArchiveLimits::default()).unwrap();
    assert_eq!(found[0].name, "etc/passwd");
}

#[test]
fn other_files_are_told() {
    assert!(matches!(
        files(b"name: web", &ArchiveLimits::default()),
        Err(ArchiveError::Format(_))
    ));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(b"").unwrap();
    let empty = gzip.finish().unwrap();
    assert_eq!(
        files(&empty, &ArchiveLimits::default()),
        Err(ArchiveError::Empty)
    );
    let whole = pack(&[("web/a", EntryType::Regular, &[7; 3000])]);
    assert!(matches!(
        files(&whole[..whole.len() / 2], &ArchiveLimits::default()),
        Err(ArchiveError::Format(_))
    ));
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let limits = ArchiveLimits::default();
        let _ = files(&bytes, &limits);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let _ = files(&gzip.finish().unwrap(), &limits);
    }
}
