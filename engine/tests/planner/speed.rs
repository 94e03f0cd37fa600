//! How long planning takes. The bound is wide, because tests run without optimisation; the number is printed.

use std::time::Instant;

use crate::case;
use crate::cluster::Simulation;

/// 5,000 objects: everything is planned, and everything is recorded and looked at again.
#[test]
fn five_thousand_objects() {
    let mut text = String::from("request prune\n");
    for at in 0..4500 {
        let kind = ["v1 ConfigMap", "apps/v1 Deployment", "v1 Service"][at % 3];
        text.push_str(&format!("desired {kind} shop/o{at} wave={}\n", at % 5));
    }
    for at in 0..500 {
        text.push_str(&format!("left v1 ConfigMap shop/l{at} wave={}\n", at % 3));
    }
    let case = case::parse(&text);
    let mut simulation = Simulation::new(&case);
    let begun = Instant::now();
    let planned = simulation.ask(|situation| tiphys_engine::sync::plan(situation).waves.len());
    let first = begun.elapsed();
    assert_eq!(planned, 5);
    simulation.run();
    let begun = Instant::now();
    simulation.ask(|situation| drop(tiphys_engine::sync::step(situation)));
    let last = begun.elapsed();
    println!("5,000 objects: plan {first:?}, step with everything recorded {last:?}");
    let limit = if cfg!(debug_assertions) { 2000 } else { 50 };
    assert!(first.as_millis() < limit && last.as_millis() < limit);
}
