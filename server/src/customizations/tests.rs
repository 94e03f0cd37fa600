//! Tests of the table of customisations.

use chrono::DateTime;
use serde_json::json;
use tiphys_model::HealthStatusCode as Code;

use super::*;

fn customs(text: &str) -> Customs {
    read(&text.parse().expect("TOML")).expect("customisations that can be used")
}

fn refused(text: &str) -> String {
    let error = read(&text.parse().expect("TOML"));
    format!("{:#}", error.err().expect("customisations to refuse"))
}

#[test]
fn health_is_lua_or_cel() {
    let customs = customs(
        r#"
"resource.customizations.health.example.com_Ship" = '''
if obj.status ~= nil and obj.status.sails == "set" then
  return {status = "Healthy", message = "under way"}
end
return {status = "Progressing", message = "in port"}
'''
"health.example.com_Boat" = { current = "status.sails == 'set'", failed = "status.sails == 'torn'" }
"#,
    );
    let health = |kind: &str, sails: &str| {
        let live = json!({
            "apiVersion": "example.com/v1", "kind": kind,
            "metadata": {"name": "argo", "generation": 1}, "status": {"sails": sails},
        });
        let health = customs.checks.assess(&live, DateTime::UNIX_EPOCH);
        health.map(|health| health.status)
    };
    assert_eq!(health("Ship", "set"), Some(Code::Healthy));
    assert_eq!(health("Ship", "furled"), Some(Code::Progressing));
    assert_eq!(health("Boat", "set"), Some(Code::Healthy));
    assert_eq!(health("Boat", "torn"), Some(Code::Degraded));
}

#[test]
fn actions_are_pasted_yaml_or_toml() {
    let customs = customs(
        r#"
"actions.example.com_Ship" = '''
discovery.lua: |
  return {["raise-anchor"] = {["disabled"] = false}}
definitions:
- name: raise-anchor
  action.lua: |
    obj.spec.anchored = false
    return obj
'''
"#,
    );
    let live = json!({
        "apiVersion": "example.com/v1", "kind": "Ship",
        "metadata": {"name": "argo", "namespace": "iolkos"}, "spec": {"anchored": true},
    });
    let found = customs
        .actions
        .discover(&live, DateTime::UNIX_EPOCH)
        .expect("actions");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "raise-anchor");
    let toml = super::read(
        &r#""actions.example.com_Ship" = { "discovery.lua" = "return {}", mergeBuiltinActions = true, definitions = [{ name = "x", "action.lua" = "return obj" }] }"#
            .parse()
            .expect("TOML"),
    );
    assert!(toml.is_ok());
}

#[test]
fn ignored_differences_are_rules_of_the_system() {
    let customs = customs(
        "\"ignoreDifferences.all\" = \"managedFieldsManagers: [kube-controller-manager]\\njsonPointers:\\n- /spec/replicas\\n\"\n\
         \"ignoreDifferences.apps_Deployment\" = { jqPathExpressions = [\".spec.template.spec.containers[].image\"] }\n\
         \"ignoreDifferences.Secret\" = { jsonPointers = [\"/data\"] }\n",
    );
    let mut rules: Vec<(&str, &str)> = customs
        .ignore
        .iter()
        .map(|rule| (rule.group.as_str(), rule.kind.as_str()))
        .collect();
    rules.sort_unstable();
    assert_eq!(rules, [("", "Secret"), ("*", "*"), ("apps", "Deployment")]);
    let all = customs.ignore.iter().find(|rule| rule.kind == "*");
    let all = all.expect("the rule for all");
    assert_eq!(all.json_pointers, ["/spec/replicas"]);
    assert_eq!(all.managed_fields_managers, ["kube-controller-manager"]);
    let (compiled, errors) = IgnoreRules::compile(&customs.ignore);
    assert!(errors.is_empty() && compiled != IgnoreRules::default());
}

#[test]
fn types_of_fields_are_known() {
    let customs = customs(
        "\"knownTypeFields.example.com_Ship\" = [{ field = \"spec.crew\", type = \"core/v1/PodSpec\" }, { field = \"spec.water\", type = \"core/Quantity\" }]\n",
    );
    let mut expected = KnownTypes::default();
    for (field, type_name) in [
        ("spec.crew", "core/v1/PodSpec"),
        ("spec.water", "core/Quantity"),
    ] {
        let added = expected.add("example.com", "Ship", field, type_name);
        added.expect("a type that is known");
    }
    assert_eq!(customs.known_types, expected);
    assert_ne!(expected, KnownTypes::default());
}

#[test]
fn what_cannot_be_used_is_named() {
    for (text, words) in [
        (
            "\"health.example.com_Ship\" = \"return {\"",
            vec!["health.example.com_Ship"],
        ),
        (
            "\"health.example.com_Ship\" = { current = \"1 +\" }",
            vec!["health.example.com_Ship"],
        ),
        (
            "\"health.example.com_Ship\" = { curent = \"true\" }",
            vec!["health.example.com_Ship", "curent"],
        ),
        ("\"health.all\" = \"return {}\"", vec!["health.all", "kind"]),
        (
            "\"healths.example.com_Ship\" = \"\"",
            vec!["healths.example.com_Ship", "unknown key"],
        ),
        (
            "\"resource.customizations.useOpenLibs.example.com_Ship\" = true",
            vec!["useOpenLibs", "unknown key"],
        ),
        ("health = \"\"", vec!["customizations.\"health\"", "kind"]),
        (
            "\"actions.Ship\" = \"discovery.lua: [\"",
            vec!["actions.Ship", "YAML"],
        ),
        (
            "\"actions.Ship\" = \"definitions: []\"",
            vec!["actions.Ship", "discovery.lua"],
        ),
        (
            "\"actions.Ship\" = { \"discovery.lua\" = \"return {}\", definitions = [{ name = \"sink\", \"action.lua\" = \"((\" }] }",
            vec!["actions.Ship", "sink"],
        ),
        (
            "\"ignoreDifferences.all\" = { jsonPointers = [\"spec\"] }",
            vec!["ignoreDifferences.all", "\"spec\""],
        ),
        (
            "\"ignoreDifferences.all\" = { jqPathExpressions = [\".a[\"] }",
            vec!["ignoreDifferences.all", ".a["],
        ),
        (
            "\"ignoreDifferences.all\" = { pointers = [] }",
            vec!["ignoreDifferences.all", "pointers"],
        ),
        (
            "\"knownTypeFields.Ship\" = [{ field = \"a\", type = \"string\" }]",
            vec!["knownTypeFields.Ship", "string"],
        ),
        ("\"knownTypeFields.Ship\" = 1", vec!["knownTypeFields.Ship"]),
    ] {
        let message = refused(text);
        for word in words {
            assert!(message.contains(word), "{text}: {message}");
        }
    }
}
