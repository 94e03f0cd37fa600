//! Random operations, compared with the plainest model: a map for every revision.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{Open, directory, try_commit};
use crate::{KeyValue, Op, RangeRequest, Revision, Store, StoreError, Txn, TxnOutcome};

const KEYS: u8 = 6;

#[derive(Debug, Clone)]
enum Step {
    /// Keys with what to expect of them (how far back; `None` expects absence), and writes (`None` deletes).
    Commit {
        compares: Vec<(u8, Option<u8>)>,
        ops: Vec<(u8, Option<u16>)>,
    },
    Range {
        start: u8,
        end: u8,
        limit: usize,
        back: u64,
    },
    Changes {
        back: u64,
        limit: usize,
    },
    Compact {
        back: u64,
    },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..KEYS;
    let compare = (key.clone(), proptest::option::of(0..3_u8));
    let op = (key.clone(), proptest::option::weighted(0.75, 0..6000_u16));
    let commit = (
        proptest::collection::vec(compare, 0..2),
        proptest::collection::vec(op, 0..4),
    )
        .prop_map(|(compares, ops)| Step::Commit { compares, ops });
    let range = (key.clone(), key, 0..4_usize, 0..12_u64).prop_map(|(start, end, limit, back)| {
        Step::Range {
            start,
            end,
            limit,
            back,
        }
    });
    let step = prop_oneof![
        6 => commit,
        3 => range,
        2 => (0..12_u64, 1..5_usize).prop_map(|(back, limit)| Step::Changes { back, limit }),
        1 => (0..8_u64).prop_map(|back| Step::Compact { back }),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..40)
}

/// The state after every revision, from revision 0 on, and what each revision wrote.
struct Model {
    states: Vec<BTreeMap<Bytes, KeyValue>>,
    written: Vec<Vec<Bytes>>,
    compacted: Revision,
}

impl Model {
    fn revision(&self) -> Revision {
        self.states.len() as Revision - 1
    }

    fn now(&self) -> &BTreeMap<Bytes, KeyValue> {
        &self.states[self.states.len() - 1]
    }

    fn commit(&mut self, txn: &Txn) -> TxnOutcome {
        for compare in &txn.compares {
            let current = self.now().get(&compare.key).map_or(0, |kv| kv.mod_revision);
            if current != compare.mod_revision {
                return TxnOutcome::Conflict {
                    key: compare.key.clone(),
                    current,
                };
            }
        }
        let revision = self.revision() + 1;
        let mut state = self.now().clone();
        let mut written = Vec::new();
        for op in &txn.ops {
            let before = state.remove(op.key());
            if let Op::Put { key, value } = op {
                let now = KeyValue {
                    key: key.clone(),
                    value: value.clone(),
                    create_revision: before.as_ref().map_or(revision, |kv| kv.create_revision),
                    mod_revision: revision,
                    version: before.as_ref().map_or(1, |kv| kv.version + 1),
                };
                state.insert(key.clone(), now);
                written.push(key.clone());
            } else if before.is_some() {
                written.push(op.key().clone());
            }
        }
        if !written.is_empty() {
            self.states.push(state);
            self.written.push(written);
        }
        TxnOutcome::Committed(self.revision())
    }
}

/// The store and the model answer alike, whatever is asked in whatever order.
pub fn random_operations_agree_with_a_map(open: Open) {
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&steps(), |steps| {
            let place = directory();
            let mut store = open(place.path()).expect("it opens");
            // A store without a disk is empty after opening: reopening is left to those with one.
            super::put(&*store, "probe", "x");
            drop(store);
            store = open(place.path()).expect("it opens again");
            let durable = store.revision().expect("it reads") == 1;
            let mut model = Model {
                states: vec![BTreeMap::new()],
                written: vec![Vec::new()],
                compacted: 0,
            };
            if durable {
                model.commit(&Txn::new().put("probe", "x"));
            }
            for step in steps {
                if matches!(step, Step::Reopen) {
                    if durable {
                        drop(store);
                        store = open(place.path()).expect("it opens again");
                    }
                    continue;
                }
                check(&*store, &mut model, step)?;
            }
            Ok(())
        })
        .expect("the store agrees with the model");
}

fn key(number: u8) -> Bytes {
    Bytes::from(format!("/key/{number}"))
}

fn check(store: &dyn Store, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Commit { compares, ops } => {
            let txn = transaction(model, compares, ops);
            let outcome = try_commit(store, txn.clone()).expect("it commits");
            prop_assert_eq!(outcome, model.commit(&txn));
        }
        Step::Range {
            start,
            end,
            limit,
            back,
        } => {
            let revision = model.revision().saturating_sub(back);
            let request = RangeRequest {
                start: key(start),
                end: Some(key(end)),
                limit,
                revision: (back > 0).then_some(revision),
            };
            check_range(store, model, &request, revision)?;
        }
        Step::Changes { back, limit } => {
            check_changes(store, model, model.revision().saturating_sub(back), limit)?;
        }
        Step::Compact { back } => {
            let revision = model.revision().saturating_sub(back);
            store.compact(revision).expect("it compacts");
            model.compacted = model.compacted.max(revision);
            prop_assert_eq!(store.compacted().expect("it reads"), model.compacted);
        }
        Step::Reopen => {}
    }
    prop_assert_eq!(store.revision().expect("it reads"), model.revision());
    for number in 0..KEYS {
        let found = store.get(&key(number)).expect("it reads");
        prop_assert_eq!(found.as_ref(), model.now().get(&key(number)));
    }
    Ok(())
}

fn transaction(model: &Model, compares: Vec<(u8, Option<u8>)>, ops: Vec<(u8, Option<u16>)>) -> Txn {
    let mut txn = Txn::new();
    for (number, back) in compares {
        let current = model
            .now()
            .get(&key(number))
            .map_or(0, |kv| kv.mod_revision);
        let expected = back.map_or(0, |back| current.saturating_sub(u64::from(back) / 2));
        txn = txn.when(key(number), expected);
    }
    for (number, length) in ops {
        if txn.ops.iter().any(|op| op.key() == &key(number)) {
            continue;
        }
        txn = match length {
            Some(length) => txn.put(key(number), vec![number; usize::from(length)]),
            None => txn.delete(key(number)),
        };
    }
    txn
}

fn check_range(
    store: &dyn Store,
    model: &Model,
    request: &RangeRequest,
    revision: Revision,
) -> Result<(), TestCaseError> {
    let answer = store.range(request);
    if revision < model.compacted {
        let compacted = matches!(answer, Err(StoreError::Compacted { .. }));
        prop_assert!(compacted, "{:?}", answer);
        return Ok(());
    }
    let page = answer.expect("it reads");
    let state = &model.states[usize::try_from(revision).expect("small")];
    let all: Vec<&KeyValue> = state
        .values()
        .filter(|kv| request.contains(&kv.key))
        .collect();
    let limit = if request.limit == 0 {
        all.len()
    } else {
        request.limit.min(all.len())
    };
    prop_assert_eq!(page.kvs.iter().collect::<Vec<_>>(), &all[..limit]);
    prop_assert_eq!(page.more, limit < all.len());
    prop_assert_eq!(page.revision, revision);
    Ok(())
}

fn check_changes(
    store: &dyn Store,
    model: &Model,
    after: Revision,
    limit: usize,
) -> Result<(), TestCaseError> {
    let answer = store.changes(after, limit);
    if after < model.compacted {
        let compacted = matches!(answer, Err(StoreError::Compacted { .. }));
        prop_assert!(compacted, "{:?}", answer);
        return Ok(());
    }
    let page = answer.expect("it reads");
    let mut expected = Vec::new();
    let mut through = after;
    while through < model.revision() && (expected.is_empty() || expected.len() < limit) {
        through += 1;
        let at = usize::try_from(through).expect("small");
        for key in &model.written[at] {
            expected.push((through, key.clone(), model.states[at].get(key).cloned()));
        }
    }
    let told: Vec<_> = page
        .changes
        .into_iter()
        .map(|change| (change.revision, change.key, change.current))
        .collect();
    prop_assert_eq!(told, expected);
    prop_assert_eq!((page.through, page.current), (through, model.revision()));
    Ok(())
}
