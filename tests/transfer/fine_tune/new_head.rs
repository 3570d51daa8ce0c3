//! New heads.

use foveate::burn::tensor::TensorData;
use foveate::models::Architecture;
use foveate::transfer::new_head;

use super::ten_classes;
use crate::support::close::values;
use crate::support::devices;
use crate::support::golden::state;

#[test]
fn new_heads_come_from_the_seed() {
    let device = devices::any();
    for architecture in [Architecture::SqueezeNet1_1, Architecture::ResNet18] {
        let old = state(&ten_classes(architecture, &device));
        let [a, b, c] =
            [1, 1, 2].map(|seed| state(&new_head(ten_classes(architecture, &device), 7, seed)));
        assert_eq!(a, b);
        let new: Vec<&String> = a.keys().filter(|&name| a[name] != old[name]).collect();
        let (head, bias) = match architecture {
            Architecture::ResNet18 => ("fc", 0f32),
            _ => ("classifier.1", 1.0),
        };
        assert_eq!(new, [&format!("{head}.bias"), &format!("{head}.weight")]);
        assert_eq!(a[new[0]], TensorData::from([bias; 7]));
        assert!(a[new[1]] != c[new[1]]);
        // 448 normal numbers: their deviation is known to a thirtieth.
        let weights = values(a[new[1]].clone());
        let square: f32 = weights.iter().map(|weight| weight * weight).sum();
        let deviation = (square / weights.len() as f32).sqrt();
        assert!((0.0085..0.0115).contains(&deviation), "{deviation}");
    }
}
