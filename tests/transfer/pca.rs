//! PCA against scikit-learn's, and against what defines it.

use std::collections::BTreeMap;

use foveate::burn::tensor::TensorData;
use foveate::transfer::{Features, LearnError, Pca};

use crate::support::close::relative_error;
use crate::support::golden::golden_tensors;

fn golden() -> BTreeMap<String, TensorData> {
    golden_tensors("pca.safetensors")
}

fn features(data: &TensorData) -> Features {
    Features::new(data.iter::<f32>().collect(), data.shape()[1])
}

/// scikit-learn in f64 on the same f32 rows. Both are exact but for the f32 that hold the result:
/// 6e-8 of the largest value, and for transformed rows as many again as there are terms in a sum.
/// Directions are as exact as their variances are apart: the closest here by 1e-2 of the first,
/// which f64 resolves to 1e-13.
#[test]
fn equals_scikit_learn() {
    let golden = golden();
    for case in ["tall", "wide", "rank_tall", "rank_wide"] {
        let expected =
            |name: &str| -> Vec<f32> { golden[&format!("{case}/{name}")].iter::<f32>().collect() };
        let train = features(&golden[&format!("{case}/train")]);
        let components = features(&golden[&format!("{case}/components")]);
        let pca = Pca::fit(&train, components.rows()).unwrap();
        let transformed = pca.transform(&features(&golden[&format!("{case}/test")])).unwrap();
        let ratio = pca.explained_variance_ratio();
        for (name, found) in [
            ("mean", pca.mean()),
            ("components", pca.components().values()),
            ("variance", pca.explained_variance()),
            ("ratio", &ratio),
            ("transformed", transformed.values()),
        ] {
            let error = relative_error(found, &expected(name));
            println!("{case} {name} {error:.1e}");
            assert!(error < 1e-6, "{case}, {name}: {error}");
        }
        // Each variance by itself: the smallest are 1e-5 of the first.
        for (found, expected) in pca.explained_variance().iter().zip(expected("variance")) {
            assert!((found / expected - 1.0).abs() < 1e-6, "{case}: {found} for {expected}");
        }
    }
}

fn assert_orthonormal(components: &Features) {
    for (i, a) in components.iter().enumerate() {
        for (j, b) in components.iter().enumerate() {
            let product: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let expected = f64::from(u8::from(i == j));
            assert!((product - expected).abs() < 1e-6, "{i} and {j}: {product}");
        }
    }
}

/// All directions, those without variance too: they are orthonormal, the variances of transformed
/// rows are the explained ones, and what rows lose by leaving components out is the rest.
#[test]
fn keeps_and_loses_what_it_says() {
    let golden = golden();
    for case in ["tall", "wide", "rank_tall", "rank_wide"] {
        let train = features(&golden[&format!("{case}/train")]);
        let most = train.rows().min(train.columns());
        let all = Pca::fit(&train, most).unwrap();
        assert_orthonormal(all.components());
        let total: f32 = all.explained_variance_ratio().iter().sum();
        assert!((total - 1.0).abs() < 1e-6, "{case}: shares add up to {total}");

        for size in [1, 4, most] {
            let pca = all.truncated(size).unwrap();
            assert_eq!(pca, Pca::fit(&train, size).unwrap(), "{case}, {size}");
            let coordinates = pca.transform(&train).unwrap();
            let (mut lost, freedom) = (0.0, (train.rows() - 1) as f64);
            let mut squares = vec![0.0; size];
            for (row, at) in train.iter().zip(&coordinates) {
                at.iter().zip(&mut squares).for_each(|(&a, sum)| *sum += f64::from(a).powi(2));
                for (column, &value) in row.iter().enumerate() {
                    let along = at.iter().zip(pca.components()).map(|(&a, c)| a * c[column]);
                    let again = pca.mean()[column] + along.sum::<f32>();
                    lost += f64::from(value - again).powi(2);
                }
            }
            let first = f64::from(all.explained_variance()[0]);
            for (square, &variance) in squares.iter().zip(pca.explained_variance()) {
                assert!((square / freedom - f64::from(variance)).abs() < 1e-5 * first, "{case}");
            }
            let rest = f64::from(pca.total_variance())
                - pca.explained_variance().iter().map(|&variance| f64::from(variance)).sum::<f64>();
            let error = (lost / freedom - rest).abs() / f64::from(pca.total_variance());
            assert!(error < 1e-5, "{case}, {size}: lost {}, not {rest}", lost / freedom);
        }
    }
}

/// Rows far from the origin, and the same rows about it: the same directions.
#[test]
fn the_origin_does_not_matter() {
    let train = features(&golden()["wide/train"]);
    // Whole numbers, so that nothing is rounded away.
    let whole = |offset: f32| {
        let values = train.values().iter().map(|value| (value * 20.0).round() + offset).collect();
        Features::new(values, train.columns())
    };
    let (near, far) = (whole(0.0), whole(16_384.0));
    let (near, far) = (Pca::fit(&near, 10).unwrap(), Pca::fit(&far, 10).unwrap());
    assert!(relative_error(far.components().values(), near.components().values()) < 1e-6);
    assert!(relative_error(far.explained_variance(), near.explained_variance()) < 1e-6);
}

#[test]
fn equal_rows_have_no_variance() {
    for columns in [2, 5] {
        let pca = Pca::fit(&Features::new(vec![0.1; 3 * columns], columns), 2).unwrap();
        assert_eq!(pca.total_variance(), 0.0);
        assert_eq!(pca.explained_variance_ratio(), [0.0, 0.0]);
        let transformed = pca.transform(&Features::new(vec![0.1; columns], columns)).unwrap();
        assert_eq!(transformed.values(), [0.0, 0.0]);
    }
}

/// One direction has all variance, and 199 of the other 200 are to be found beside it.
#[test]
fn directions_without_variance_are_orthonormal() {
    let product = |i: usize| (i / 201 % 7) as f32 * ((i % 201) as f32 + 1.0).sin();
    let pca = Pca::fit(&Features::new((0..200 * 201).map(product).collect(), 201), 200).unwrap();
    assert_orthonormal(pca.components());
    let ratio = pca.explained_variance_ratio();
    assert!((ratio[0] - 1.0).abs() < 1e-6 && ratio[1] < 1e-10, "{ratio:?}");
}

#[test]
fn parts_make_the_same() {
    let train = features(&golden()["tall/train"]);
    let pca = Pca::fit(&train, 3).unwrap();
    let (mean, components) = (pca.mean().to_vec(), pca.components().clone());
    let variance = pca.explained_variance().to_vec();
    assert_eq!(Pca::from_parts(mean, components, variance, pca.total_variance()), pca);
}

#[test]
fn errors_say_what_is_wrong() {
    let train = Features::new((0..12).map(|i| (i * i % 7) as f32).collect(), 4);
    let says = |result: Result<_, LearnError>| result.map(|_: Pca| ()).unwrap_err().to_string();
    assert_eq!(
        says(Pca::fit(&train, 4)),
        "components is 4 for 3 rows of 4 columns: expected one or more, and no more than there are \
         rows or columns"
    );
    assert!(says(Pca::fit(&train, 0)).starts_with("components is 0"));
    assert!(says(Pca::fit(&train.select(&[1]), 1)).starts_with("rows of features is 1"));
    let mut values = train.values().to_vec();
    values[6] = f32::NAN;
    let broken = Features::new(values, 4);
    assert!(says(Pca::fit(&broken, 1)).starts_with("row 1, column 2 of the features is NaN"));

    let pca = Pca::fit(&train, 2).unwrap();
    assert!(says(pca.truncated(3)).starts_with("components is 3 of 2"));
    assert!(says(pca.truncated(0)).starts_with("components is 0 of 2"));
    let other = pca.transform(&Features::new(vec![0.0; 5], 5)).unwrap_err();
    assert!(matches!(other, LearnError::Dimensions { expected: 4, found: 5 }));
    let broken = pca.transform(&broken).unwrap_err();
    assert!(matches!(broken, LearnError::NotFinite { row: 1, column: 2, .. }));
}
