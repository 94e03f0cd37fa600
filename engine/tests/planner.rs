//! The planner against cases in files, and against properties that hold for all of them.

#[path = "planner/case.rs"]
mod case;
#[path = "planner/cluster.rs"]
mod cluster;
#[path = "planner/property.rs"]
mod property;

#[path = "planner/speed.rs"]
mod speed;

use std::fs;
use std::path::Path;

/// Every file of a folder is a case: a description, `--- plan` and `--- trace`. `UPDATE_CASES=1` writes what comes out.
#[test]
fn cases_of_synchronisations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sync");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    paths.sort();
    assert!(paths.len() > 30, "cases are missing from {folder:?}");
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a readable case");
        let (given, _) = text.split_once("--- plan\n").expect("a plan");
        let case = case::parse(given);
        let plan = cluster::Simulation::new(&case).plan();
        let trace = cluster::Simulation::new(&case).run();
        let actual = format!("{given}--- plan\n{plan}--- trace\n{trace}");
        if actual != text {
            if std::env::var_os("UPDATE_CASES").is_some() {
                fs::write(&path, &actual).expect("a writable case");
            }
            wrong.push(format!("{}:\n{actual}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases came out differently:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
