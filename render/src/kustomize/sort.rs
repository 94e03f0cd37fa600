//! The order of the output.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::id::{Gvk, ResId};
use super::kind_order::{self, FIRST, LAST, or};
use super::resmap::ResMap;
use super::types::{LegacySortOptions, SortOptions};

/// Sorts the objects as `sortOptions` says; without it, in the legacy order.
///
/// # Errors
/// When the options are contradictory, or two objects have the same id.
pub(super) fn sort(map: &mut ResMap, options: Option<&SortOptions>) -> Result<(), String> {
    let legacy = match options {
        None => None,
        Some(options) => match (options.order.as_str(), &options.legacy_sort_options) {
            ("fifo", None) => return Ok(()),
            ("fifo", Some(_)) => {
                return Err("the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'".to_owned());
            }
            ("legacy", legacy) => legacy.as_ref(),
            _ => {
                return Err(
                    "the field 'sortOptions.order' must be one of [fifo, legacy]".to_owned(),
                );
            }
        },
    };
    let ranks = match legacy {
        None => ranks(&FIRST, &LAST),
        Some(LegacySortOptions {
            order_first,
            order_last,
        }) => ranks(order_first, order_last),
    };
    let mut keyed: Vec<_> = std::mem::take(&mut map.resources)
        .into_iter()
        .map(|resource| {
            let id = resource.id();
            let rank = ranks.get(id.gvk.kind.as_str()).copied().unwrap_or(0);
            (
                (rank, kind_order::text(&id.gvk), id_text(&id), id.gvk),
                resource,
            )
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| compare(a, b));
    map.resources = keyed.into_iter().map(|(_, resource)| resource).collect();
    map.check_unique()
}

type Key = (i64, String, String, Gvk);

fn compare(a: &Key, b: &Key) -> Ordering {
    let (rank_a, kind_a, text_a, gvk_a) = a;
    let (rank_b, kind_b, text_b, gvk_b) = b;
    if gvk_a == gvk_b {
        return text_a.cmp(text_b);
    }
    rank_a.cmp(rank_b).then_with(|| {
        let namespaces = gvk_a.kind == "Namespace" && gvk_b.kind == "Namespace";
        if namespaces && (gvk_a.group.is_empty() || gvk_b.group.is_empty()) {
            // The namespaces of Kubernetes itself come before other kinds of that name.
            kind_b.cmp(kind_a)
        } else {
            kind_a.cmp(kind_b)
        }
    })
}

fn ranks<'a>(first: &'a [impl AsRef<str>], last: &'a [impl AsRef<str>]) -> HashMap<&'a str, i64> {
    let mut ranks = HashMap::new();
    let count = i64::try_from(first.len()).unwrap_or(i64::MAX);
    for (kind, place) in first.iter().zip(0_i64..) {
        ranks.insert(kind.as_ref(), place - count);
    }
    for (kind, place) in last.iter().zip(1_i64..) {
        ranks.insert(kind.as_ref(), place);
    }
    ranks
}

fn id_text(id: &ResId) -> String {
    format!(
        "{}|{}|{}",
        id.gvk,
        or(&id.namespace, "~X"),
        or(&id.name, "~N")
    )
}
