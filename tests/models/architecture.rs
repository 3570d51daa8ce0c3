//! Architectures by their names, and their numbers of classes.

use foveate::models::{Architecture, Network};

use super::small;
use crate::support::devices;

#[test]
#[should_panic(expected = "at least one output")]
fn no_classes() {
    let _ = small(Architecture::ResNet18, &devices::any()).with_classes(0);
}

#[test]
fn names_are_read_back() {
    for architecture in Architecture::ALL {
        assert_eq!(architecture.name().parse(), Ok(architecture));
    }
    let error = "alexnet".parse::<Architecture>().unwrap_err();
    assert!(error.to_string().contains("squeezenet1_1"), "{error}");
}
