//! What holds of every metric: it is exact, steady, and refuses what it cannot measure.

use foveate::generate::metrics::{
    FeatureMoments, Features, InceptionScore, InceptionSettings, KernelDistance, KernelSettings,
    MetricError, ModeCoverage, Prdc, conditional_accuracy, frechet_distance, frechet_distance_of,
    kernel_distance, nearest,
};

use super::{CASES, Golden, changed, first, normal};
use crate::support::devices;

/// Exactly but for rounding, also with dead columns and numbers of any size.
#[test]
fn a_set_has_no_distance_from_itself() {
    let golden = Golden::read();
    for case in CASES {
        for scale in [1e-3, 1.0, 30.0] {
            let a = changed(&golden.pair(case)[0], |_, value| value * scale);
            let (frechet, nearest) = (frechet_distance(&a, &a).unwrap(), nearest(&a, &a).unwrap());
            println!("{case} x {scale}: {frechet:.1e}");
            assert!(frechet < 1e-6 * f64::from(scale * scale).min(1.0), "{case}: {frechet:e}");
            assert!(nearest.iter().all(|nearest| nearest.distance == 0.0));
            // A distance is never below 0: a mean beside shows errors of either sign.
            let statistics = FeatureMoments::of(&a).unwrap();
            let mut beside = statistics.clone();
            beside.mean[0] += f64::from(scale) * 1e-3;
            let found = frechet_distance_of(&statistics, &beside);
            let share = found / f64::from(scale * scale) / 1e-6 - 1.0;
            println!("{share:.1e}");
            assert!(share.abs() < 1e-4, "{case}: {found:e}");
            let Prdc { precision, recall, coverage, .. } = Prdc::of(&a, &a, 5).unwrap();
            assert_eq!([precision, recall, coverage], [1.0; 3], "{case}");
        }
    }
}

/// A rotation of both sets in the space of features changes nothing but by f32's rounding of the rows.
#[test]
fn rotation_changes_no_distance() {
    let [a, b] = Golden::read().pair("relu");
    let columns = a.columns();
    let along: Vec<f64> = normal(1, 1, columns).values().iter().map(|&v| v.into()).collect();
    let square: f64 = along.iter().map(|value| value * value).sum();
    let rotate = |features: &Features| {
        let mut values = Vec::new();
        for row in features {
            let product: f64 = row.iter().zip(&along).map(|(&v, a)| f64::from(v) * a).sum();
            let turned = row.iter().zip(&along);
            values.extend(turned.map(|(&v, a)| (f64::from(v) - 2.0 * product / square * a) as f32));
        }
        Features::new(values, columns)
    };
    let [c, d] = [&a, &b].map(rotate);
    let pairs = [
        (frechet_distance(&a, &b).unwrap(), frechet_distance(&c, &d).unwrap()),
        (kernel_distance(&a, &b).unwrap(), kernel_distance(&c, &d).unwrap()),
        (Prdc::of(&a, &b, 5).unwrap().density, Prdc::of(&c, &d, 5).unwrap().density),
    ];
    for (before, after) in pairs {
        println!("{before} {after}: {:.1e}", after / before - 1.0);
        assert!((after / before - 1.0).abs() < 1e-5, "{before} and {after}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (a, b) = (normal(1, 700, 90), normal(2, 650, 90));
    let all = |threads| {
        devices::on_threads(threads, || {
            let settings = KernelSettings { subsets: 5, subset_size: 300, seed: 1 };
            let kernel = KernelDistance::of(&a, &b, &settings).unwrap();
            let prdc = Prdc::of(&a, &b, 5).unwrap();
            let all = kernel_distance(&a, &b).unwrap();
            (kernel, all, prdc, nearest(&a, &b).unwrap())
        })
    };
    assert!(all(1) == all(5));
    // But for the last bits of FID, whose decompositions are faer's.
    let frechet = |threads| devices::on_threads(threads, || frechet_distance(&a, &b).unwrap());
    assert_eq!(frechet(5), frechet(5));
    println!("FID on 5 threads and 1: {:.1e}", frechet(5) - frechet(1));
    assert!((frechet(5) / frechet(1) - 1.0).abs() < 1e-12);
    let settings = |seed| KernelSettings { subsets: 5, subset_size: 300, seed };
    let of = |seed| KernelDistance::of(&a, &b, &settings(seed)).unwrap();
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

#[test]
fn what_cannot_be_measured_says_why() {
    let (few, wide) = (normal(1, 5, 5), normal(1, 40, 6));
    let says = |error: MetricError, expected: &str| {
        let said = error.to_string();
        assert!(said.starts_with(expected), "{said}");
    };
    says(
        frechet_distance(&few, &few).unwrap_err(),
        "the first features have 5 rows of 5 columns, and their covariance is singular: expected 6 \
         rows or more for the Fréchet distance; take more samples, or the kernel distance (KID)",
    );
    let none = Features::new(Vec::new(), 5);
    says(FeatureMoments::of(&none).unwrap_err(), "the given features have 0 rows of 5 columns");
    let different = "the first features have 5 columns, the second ones 6";
    says(frechet_distance(&few, &wide).unwrap_err(), different);
    says(kernel_distance(&few, &wide).unwrap_err(), different);
    says(nearest(&few, &wide).unwrap_err(), different);
    let settings = KernelSettings::default();
    says(KernelDistance::of(&few, &few, &settings).unwrap_err(), "the first features have 5 rows");
    let settings = KernelSettings { subset_size: 1, ..settings };
    says(KernelDistance::of(&few, &few, &settings).unwrap_err(), "subset_size is 1");
    let settings = KernelSettings { subsets: 0, ..KernelSettings::default() };
    says(KernelDistance::of(&few, &few, &settings).unwrap_err(), "subsets is 0");
    says(kernel_distance(&few, &first(&few, 1)).unwrap_err(), "the second features have 1 rows");
    let error = Prdc::of(&few, &normal(2, 40, 5), 5).unwrap_err();
    says(error, "the real features have 5 rows: expected 6 or more for the k-th neighbor");
    says(Prdc::of(&few, &few, 0).unwrap_err(), "nearest_k is 0: expected 1 or more");
    says(nearest(&few, &none).unwrap_err(), "the second features have 0 rows: expected 1 or more");
    for odd in [f32::NAN, f32::INFINITY] {
        let broken = changed(&wide, |at, value| if at == 15 { odd } else { value });
        let expected = format!("row 2, column 3 of the second features is {odd}: expected finite");
        says(frechet_distance(&wide, &broken).unwrap_err(), &expected);
        says(kernel_distance(&wide, &broken).unwrap_err(), &expected);
        says(nearest(&wide, &broken).unwrap_err(), &expected);
        let expected = format!("row 2, column 3 of the generated features is {odd}");
        says(Prdc::of(&wide, &broken, 5).unwrap_err(), &expected);
    }
    let settings = InceptionSettings::default();
    says(InceptionScore::of(&few, &settings).unwrap_err(), "the given features have 5 rows");
    let logits = Features::new([-1.0, 2.0].repeat(20), 2);
    let error = InceptionScore::of(&logits, &settings).unwrap_err();
    says(error, "row 0 adds up to 1, its least number is -1: expected probabilities");
    says(ModeCoverage::of(&[], &[1], 2).unwrap_err(), "0 predicted labels for 1");
    let expected = "sample 1 has the label 2, and there are 2 classes: expected 0 to 1";
    says(ModeCoverage::of(&[0, 2], &[1], 2).unwrap_err(), expected);
    says(conditional_accuracy(&[1], &[1, 2]).unwrap_err(), "1 predicted labels for 2");
}
