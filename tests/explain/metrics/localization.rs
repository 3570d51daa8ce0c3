//! The pointing game, and boxes about maps.

use foveate::burn::tensor::{Tensor, TensorData};
use foveate::explain::ExplainError;
use foveate::explain::metrics::{BoundingBox, Localizer, pointing_game};

use super::map;
use crate::support::devices;

#[test]
fn pointing() {
    let peaks = map([0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0, 3.0, 0.0, 0.0], [2, 1, 2, 3]);
    let corner = vec![false, false, false, false, false, true];
    let first = vec![false, true, false, false, false, false];
    let game = |masks: [&Vec<bool>; 2], tolerance| {
        pointing_game(&peaks, &masks.map(Clone::clone), tolerance).unwrap()
    };
    // The second map's largest values are equal: the first of them counts.
    assert_eq!(game([&first, &first], 0), [true, true]);
    assert_eq!(game([&corner, &corner], 0), [false, false]);
    // (0, 1) is the square root of 2 from (1, 2).
    assert_eq!(game([&corner, &corner], 1), [false, false]);
    assert_eq!(game([&corner, &corner], 2), [true, true]);
    assert!(!pointing_game(&peaks, &[vec![false; 6], vec![true; 6]], 99).unwrap()[0]);
    for masks in [vec![first.clone()], vec![first, vec![true; 5]]] {
        let error = pointing_game(&peaks, &masks, 0).unwrap_err().to_string();
        assert!(error.contains("expected 2") || error.contains("is 5: expected 6"), "{error}");
    }
}

#[test]
fn objects() {
    #[rustfmt::skip]
    let image = map([
        0.0, 9.0, 0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 5.0, 0.0, 10.0, 0.0,
        0.0, 0.0, 5.0, 0.0, 10.0, 1.9,
        0.0, 0.0, 0.0, 0.0, 0.0, 2.0,
    ], [1, 1, 4, 6]);
    let find = |fraction| {
        let found = Localizer { sigma: 0.0, fraction }.find(&image).unwrap().remove(0).unwrap();
        let pixels: Vec<usize> = (0..24).filter(|&i| found.mask[i]).collect();
        (pixels, found.bounds)
    };
    // Corners join; of equal sizes (3 and 3) the first counts; 2 is 0.2 of the maximum.
    let bounds = BoundingBox { top: 0, left: 1, height: 3, width: 2 };
    assert_eq!(find(0.3), (vec![1, 8, 14], bounds));
    assert_eq!(find(0.15).0, [10, 16, 17, 23]);
    assert_eq!(find(0.2).0, [1, 8, 14]);
    let bounds = BoundingBox { top: 1, left: 4, height: 2, width: 1 };
    assert_eq!(find(0.95), (vec![10, 16], bounds));

    let nothing = map([0.0, -1.0, -2.0, 0.0], [1, 1, 2, 2]);
    assert_eq!(Localizer::default().find(&nothing).unwrap(), [None]);
    for (sigma, fraction) in [(-1.0, 0.2), (f32::NAN, 0.2), (0.0, 0.0), (0.0, 1.5)] {
        let error = Localizer { sigma, fraction }.find(&nothing).unwrap_err();
        assert!(matches!(error, ExplainError::Setting(_)), "{error}");
    }
    let odd = map([0.0, f32::NAN, 0.0, 0.0], [1, 1, 2, 2]);
    let error = Localizer::default().find(&odd).unwrap_err().to_string();
    assert!(error.contains("value 1 of the map"), "{error}");
}

/// Blots of two sizes: smoothing with a Gaussian joins specks 3 apart, and the box fits them.
#[test]
fn smoothing_joins_specks() {
    let specks: Vec<f32> = (0..40 * 40)
        .map(|i| {
            let (y, x) = (i / 40, i % 40);
            f32::from(u8::from(
                (10..28).contains(&y) && (5..33).contains(&x) && y % 3 == 1 && x % 3 == 2,
            ))
        })
        .collect();
    let specks = TensorData::new(specks, [1, 1, 40, 40]);
    let specks = Tensor::<4>::from_data(specks, &devices::any());
    let box_of =
        |sigma| Localizer { sigma, fraction: 0.5 }.find(&specks).unwrap().remove(0).unwrap().bounds;
    assert_eq!(box_of(0.0), BoundingBox { top: 10, left: 5, height: 1, width: 1 });
    let BoundingBox { top, left, height, width } = box_of(2.0);
    // Specks are in rows 10 to 25 and columns 5 to 32.
    assert!(top.abs_diff(10) <= 2 && left.abs_diff(5) <= 2, "{top} {left}");
    assert!(height.abs_diff(16) <= 4 && width.abs_diff(28) <= 4, "{height} {width}");
}
