//! Applications that want to exhaust the server, next to one that does not.

use anyhow::Result;
use serde_json::{Map, Value, json};
use tiphys_tests::{World, annotated, config_map};

use super::{another_syncs, beside, is_synced};

/// The health of a ConfigMap whose value is `loop` is never found.
const LOOPS: &str = r#"
[customizations]
"health.ConfigMap" = """
if obj.data ~= nil and obj.data.value == "loop" then
  while true do end
end
return { status = "Healthy", message = "" }
"""
"#;

/// A jq expression whose work grows with the cube of an object's size.
const SLOW: &str = ". as $all | .. | select(any($all | ..; any($all | ..; . == 1)))";

/// One that is no trouble for whoever reads it, until its aliases are expanded.
fn bomb() -> String {
    let mut text =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        text.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}]\n"));
    }
    text
}

fn map_of(data: Map<String, Value>) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
        .to_string()
}

/// A pattern that is short, and large when it is compiled.
const LARGE: &str = "((a{1000}){1000}){1000}";

/// Where each application's trouble is told, below its folder's name, and how.
const TROUBLES: [(&str, &str, &str); 7] = [
    (
        "lua",
        "/status/resources/0/health/message",
        "the Lua script was stopped after 200000 steps",
    ),
    (
        "jq",
        "/status/conditions",
        "was not carried out: it took more than 1000000 steps",
    ),
    (
        "file",
        "/status/conditions",
        "file/a.yaml: 10485842 bytes, at most 10485760 are read",
    ),
    (
        "object",
        "/status/operationState/syncResult/resources/0/message",
        "Request entity too large",
    ),
    (
        "odd",
        "/status/conditions",
        "has the unknown value \\\"99999999999999999999\\\"",
    ),
    ("regex", "/status/conditions", "expression too large"),
    (
        "aliases",
        "/status/conditions",
        "the document has more than 1000000 values",
    ),
];

/// Makes the folder of each application what it is named for.
fn spoil(world: &World) -> Result<String> {
    let many = (0..400).map(|n| (format!("k{n}"), json!("1"))).collect();
    let wide = |bytes: usize| {
        let mut data = Map::new();
        data.insert("value".to_owned(), json!("x".repeat(bytes)));
        map_of(data)
    };
    let odd = [
        ("sync-wave", "99999999999999999999"),
        ("hook", "Whenever"),
        ("sync-options", "Explode=true"),
    ];
    let regex = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{v: {{{{ regexMatch \"{LARGE}\" \"a\" | quote }}}}}}\n"
    );
    world
        .repository
        .write("lua/a.yaml", config_map("a", "loop"))?
        .write("jq/a.yaml", map_of(many))?
        .write("file/a.yaml", wide(10 << 20))?
        .write("object/a.yaml", wide(9 << 20))?
        .write("odd/a.yaml", annotated("a", "1", &odd))?
        .remove("regex")?
        .write(
            "regex/Chart.yaml",
            "apiVersion: v2\nname: regex\nversion: 1.0.0\n",
        )?
        .write("regex/templates/a.yaml", regex)?
        .write("aliases/a.yaml", bomb())?
        .write("other/a.yaml", config_map("a", "2"))?;
    world.repository.commit("hostile")
}

#[test]
fn hostile_applications_have_their_trouble_alone() -> Result<()> {
    let world = World::start_configured("hostile", "sqlite", LOOPS)?;
    let folders = TROUBLES.map(|(folder, ..)| folder);
    for folder in folders.iter().chain(&["other"]) {
        let file = format!("{folder}/a.yaml");
        world.repository.write(&file, config_map("a", "1"))?;
    }
    world.repository.commit("one")?;
    for folder in folders {
        let path = beside(&world, folder, |application| {
            application["spec"]["syncPolicy"]["automated"] = json!({});
            if folder == "jq" {
                application["spec"]["ignoreDifferences"] =
                    json!([{"kind": "ConfigMap", "jqPathExpressions": [SLOW]}]);
            }
        })?;
        world.until_at(&path, folder, is_synced)?;
    }
    let other = another_syncs(&world)?;
    let commit = spoil(&world)?;
    world.until_at(&other, "the drift of the other", |app| {
        app["status"]["sync"]["revision"] == commit.as_str()
    })?;
    let started = world.client.post(&format!("{other}/sync"), &json!({}))?;
    started.ok()?;
    for (folder, place, expected) in TROUBLES {
        let path = format!("/api/v1/applications/hostile-{folder}");
        world.until_at(&path, folder, |app| {
            app.pointer(place)
                .is_some_and(|found| found.to_string().contains(expected))
        })?;
    }
    let done = world.until_at(&other, "the other's sync", |app| {
        is_synced(app) && app["status"]["sync"]["revision"] == commit.as_str()
    })?;
    assert!(done["status"]["conditions"].is_null(), "{done}");
    assert_eq!(done["status"]["health"]["status"], "Healthy");

    // What is no pattern of a size that can be used is not even stored.
    let mut spec = done["spec"].clone();
    let path = format!(".data | select(.value | test(\"{LARGE}\"))");
    spec["ignoreDifferences"] = json!([{"kind": "ConfigMap", "jqPathExpressions": [path]}]);
    let refused = world.client.put(&format!("{other}/spec"), &spec)?;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(
        refused.message().contains("the pattern"),
        "{}",
        refused.text
    );
    Ok(())
}
