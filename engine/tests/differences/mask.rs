//! Hiding the values of Secrets: nothing of a value is shown, and whether two are equal is.

use proptest::prelude::*;
use serde_json::{Value, json};
use tiphys_engine::diff::{self, Options};
use tiphys_engine::managed_fields::LAST_APPLIED;
use tiphys_engine::mask::{mask_differences, mask_secrets};
use tiphys_engine::object::Gvk;

const SHORT: &str = "++++++++";
const LONGER: &str = "++++++++++++";
const LONGEST: &str = "++++++++++++++++";

fn secret_kind() -> Gvk {
    Gvk {
        group: String::new(),
        version: "v1".into(),
        kind: "Secret".into(),
    }
}

fn secret(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data})
}

#[test]
fn equal_values_are_equal_runs_and_others_are_not() {
    let mut target = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x", "b": "1"}, "data": {"c": "Yw=="}});
    let mut live = secret(json!({"a": "eA==", "b": "Mg==", "d": null}));
    live["metadata"]["annotations"] = json!({LAST_APPLIED: secret(json!({"a": "eA==", "b": "Mw=="})).to_string(), "note": "seen"});
    let mut predicted = secret(json!({"a": "eA\n==", "b": "MQ=="}));
    let mut absent = Value::Null;
    mask_secrets(
        &secret_kind(),
        &mut [&mut target, &mut live, &mut predicted, &mut absent],
        &[],
    );
    assert_eq!(target["data"], json!({"a": SHORT, "b": SHORT, "c": SHORT}));
    assert_eq!(target.get("stringData"), None);
    assert_eq!(live["data"], json!({"a": SHORT, "b": LONGER, "d": SHORT}));
    assert_eq!(predicted["data"], json!({"a": SHORT, "b": SHORT}));
    assert_eq!(live["metadata"]["annotations"]["note"], "seen");
    let last: Value = serde_json::from_str(
        live["metadata"]["annotations"][LAST_APPLIED]
            .as_str()
            .expect("a text"),
    )
    .expect("JSON");
    assert_eq!(last["data"], json!({"a": SHORT, "b": LONGEST}));
    assert_eq!(absent, Value::Null);
}

#[test]
fn the_servers_kind_decides_not_the_manifests() {
    let mut target = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "aGlkZGVu"}});
    mask_secrets(&secret_kind(), &mut [&mut target], &[]);
    assert_eq!(target["data"]["a"], SHORT);
    let kind = Gvk {
        kind: "ConfigMap".into(),
        ..secret_kind()
    };
    let mut map = secret(json!({"a": "shown"}));
    mask_secrets(&kind, &mut [&mut map], &[]);
    assert_eq!(map["data"]["a"], "shown");
}

#[test]
fn a_record_that_cannot_be_read_is_hidden_as_a_whole() {
    let mut live = secret(json!({}));
    live["metadata"]["annotations"] = json!({LAST_APPLIED: "{\"data\":{\"a\":\"aGlkZGVu\"}"});
    mask_secrets(&secret_kind(), &mut [&mut live], &[]);
    assert_eq!(live["metadata"]["annotations"][LAST_APPLIED], SHORT);
}

#[test]
fn annotations_that_are_secret_are_hidden_in_any_kind() {
    let kind = Gvk {
        kind: "ConfigMap".into(),
        ..secret_kind()
    };
    let object = |token: &str| json!({"kind": "ConfigMap", "metadata": {"annotations": {"token": token, "note": "seen"}}});
    let (mut target, mut live) = (object("one"), object("two"));
    live["metadata"]["annotations"][LAST_APPLIED] = json!(object("one").to_string());
    mask_secrets(&kind, &mut [&mut target, &mut live], &["token"]);
    assert_eq!(
        target["metadata"]["annotations"],
        json!({"token": SHORT, "note": "seen"})
    );
    assert_eq!(live["metadata"]["annotations"]["token"], LONGER);
    let last = live["metadata"]["annotations"][LAST_APPLIED]
        .as_str()
        .expect("a text");
    assert!(last.contains(SHORT) && !last.contains("one"), "{last}");
}

#[test]
fn differences_of_a_secret_hide_values_too() {
    let target = secret(json!({"a": "b25l", "b": "dHdv"}));
    let live = secret(json!({"a": "dGhyZWU="}));
    let mut found = diff::differences(&target, &live, "tiphys");
    mask_differences(&secret_kind(), &mut found, &[]);
    assert_eq!(
        serde_json::to_value(&found).expect("it is serialisable"),
        json!([
            {"path": "data.a", "reason": "Changed", "desired": SHORT, "live": LONGER},
            {"path": "data.b", "reason": "Missing", "desired": SHORT},
        ])
    );
    let mut whole = diff::differences(
        &target,
        &json!({"apiVersion": "v1", "kind": "Secret"}),
        "tiphys",
    );
    mask_differences(&secret_kind(), &mut whole, &[]);
    assert_eq!(whole[0].desired, Some(json!({"a": SHORT, "b": LONGER})));
}

proptest! {
    #[test]
    fn no_value_is_shown(values in prop::collection::vec("[a-zA-Z0-9]{6,20}", 1..5), place in 0..5_usize) {
        let text = values.join("");
        let mut state = match place {
            0 => json!({"data": {"k": text}}),
            1 => json!({"stringData": {"k": text}}),
            2 => json!({"data": {"k": [text]}}),
            3 => json!({"data": text}),
            _ => json!({"metadata": {"annotations": {LAST_APPLIED: json!({"data": {"k": text}, "metadata": {"annotations": {LAST_APPLIED: text}}}).to_string()}}}),
        };
        let mut other = json!({"stringData": [text]});
        mask_secrets(&secret_kind(), &mut [&mut state, &mut other], &[]);
        prop_assert!(!state.to_string().contains(&values[0]), "{}", state);
        prop_assert!(!other.to_string().contains(&values[0]), "{}", other);
        // Shown objects are compared after they are masked: options change nothing of that.
        let options = Options::new("tiphys");
        let mut found = diff::compare(&json!({"kind": "Secret", "data": {"k": text}}), &json!({"kind": "Secret", "data": {"k": "eA=="}}), &options).differences;
        mask_differences(&secret_kind(), &mut found, &[]);
        prop_assert!(!serde_json::to_string(&found).expect("it is serialisable").contains(&values[0]));
    }
}
