//! What the environment asks for, seen from another process.

use std::env;
use std::process::Command;

use foveate_kernels::{Algorithm, Isa, Plan};

/// What a process with these variables writes to its error stream, and the plan that it takes.
fn told(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "child", "--ignored", "--nocapture"]);
    child.env_remove("FOVEATE_ISA").env_remove("FOVEATE_ALGORITHM");
    let output = child.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
#[ignore = "not a test: the process that the others start"]
fn child() {
    let plans: Vec<Plan> = (0..3).map(|_| Plan::default()).collect();
    eprintln!("took {:?}", plans[2]);
}

#[test]
fn what_is_unknown_is_told_once() {
    let fastest = Isa::ALL.into_iter().find(|isa| isa.is_available()).unwrap();
    let plain = Plan { isa: fastest, algorithm: Algorithm::Fastest };
    for (variable, found, names) in [
        ("FOVEATE_ISA", "avx1024", "avx512, avx2, portable"),
        ("FOVEATE_ISA", "neon", "avx512, avx2, portable"),
        ("FOVEATE_ALGORITHM", "exakt", "fastest, exact, direct, winograd2, winograd4"),
    ] {
        let text = told(&[(variable, found)]);
        let told = format!("{variable} is {found:?}, which is passed over: expected {names}");
        assert_eq!(text.matches(&told).count(), 1, "{text:?} has {told:?} once");
        assert!(text.contains(&format!("took {plain:?}")), "{text}");
    }
}

#[test]
fn what_is_known_is_taken_and_nothing_told() {
    let text = told(&[("FOVEATE_ISA", "Portable"), ("FOVEATE_ALGORITHM", "exact")]);
    let plan = Plan { isa: Isa::Portable, algorithm: Algorithm::Exact };
    assert_eq!(text, format!("took {plan:?}\n"));
    for nothing in [&[][..], &[("FOVEATE_ISA", ""), ("FOVEATE_ALGORITHM", "")]] {
        let text = told(nothing);
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    for isa in Isa::ALL.into_iter().filter(|isa| !isa.is_available()) {
        let text = told(&[("FOVEATE_ISA", &format!("{isa:?}"))]);
        assert!(text.contains(&format!("this processor has no {isa:?}")), "{text}");
    }
}
