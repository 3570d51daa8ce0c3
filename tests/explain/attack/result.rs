//! What an attack made: on other models, and as an image.

use foveate::burn::tensor::Tensor;
use foveate::explain::attack::{Attack, Fgsm, Goal};

use super::{change, found, inner, linear};
use crate::support::close::{close, values_of};

/// The victim is linear, too: whether it falls can be computed.
#[test]
fn transfer_is_counted_over_what_the_victim_had_right() {
    let own = found(&linear(3), &inner());
    let goal = Goal::Untargeted(own.clone());
    let attacked = Fgsm { epsilon: 0.3 }.attack(&linear(3), &inner(), &goal).unwrap();
    let same = attacked.transfer(&linear(3), &goal).unwrap();
    assert_eq!((same.before, &same.after), (vec![false; 2], &attacked.success));
    // A victim that finds the second image's class never, and the first's always.
    let never = |x: Tensor<4>| {
        let [n, ..] = x.dims();
        let right: Vec<f32> = (0..3).map(|class| f32::from(class == own[0])).collect();
        Tensor::<1>::from_floats(right.as_slice(), &x.device()).reshape([1, 3]).repeat(&[n, 1])
    };
    let other = Goal::Untargeted(vec![own[0], (own[0] + 1) % 3]);
    let transfer = attacked.transfer(&never, &other).unwrap();
    assert_eq!((&transfer.before[..], transfer.rate()), (&[false, true][..], Some(0.0)));
    let already = Goal::Untargeted(vec![(own[0] + 1) % 3]);
    assert_eq!(attacked.transfer(&never, &already).unwrap().rate(), None);
}

#[test]
fn differences_are_drawn_on_gray() {
    let goal = Goal::Untargeted(found(&linear(3), &inner()));
    let attacked = Fgsm { epsilon: 0.1 }.attack(&linear(3), &inner(), &goal).unwrap();
    let expected: Vec<f32> = change(&attacked).iter().map(|v| 0.5 + v).collect();
    close(&values_of(attacked.difference(1.0).tensor()), &expected, 1e-6);
    let magnified = values_of(attacked.difference(10.0).tensor());
    assert!(magnified.iter().all(|v| (0.0..=1.0).contains(v)) && magnified.contains(&1.0));
}
