//! The kernel distance (KID).

use foveate::generate::metrics::{
    FeatureMoments, Features, KernelDistance, KernelSettings, kernel_distance,
};

use super::{CASES, Golden, changed, first, normal};

/// Both in f64: rounding, of sums that are a thousand times their difference.
#[test]
fn kernel_distance_equals_torch_fidelity() {
    let golden = Golden::read();
    for case in CASES {
        let [a, b] = golden.pair(case);
        golden.assert(&format!("{case}.kid_all"), kernel_distance(&a, &b).unwrap(), 1e-10);
        let size = a.rows().min(b.rows());
        let [a, b] = [first(&a, size), first(&b, size)];
        golden.assert(&format!("{case}.kid"), kernel_distance(&a, &b).unwrap(), 1e-10);
        // A subset of all rows, in another order.
        let settings = KernelSettings { subsets: 1, subset_size: size, seed: 3 };
        let found = KernelDistance::of(&a, &b, &settings).unwrap();
        golden.assert(&format!("{case}.kid"), found.mean, 1e-10);
        assert_eq!(found.deviation, 0.0);
    }
}

/// Other random subsets: the means differ by their standard errors, that of 100 deviates by a tenth of
/// a subset's. The deviation of 100 has a standard error of 7 %, more of skewed numbers.
#[test]
fn kernel_distance_of_subsets_equals_torch_fidelity() {
    let golden = Golden::read();
    for case in CASES {
        let [a, b] = golden.pair(case);
        let settings = KernelSettings { subset_size: 100, ..KernelSettings::default() };
        let found = KernelDistance::of(&a, &b, &settings).unwrap();
        let mean = golden.number(&format!("{case}.kid_mean"));
        let deviation = golden.number(&format!("{case}.kid_deviation"));
        println!("{case}: {found:?} for {mean} {deviation}");
        let error = (deviation.powi(2) + found.deviation.powi(2)).sqrt() / 10.0;
        assert!((found.mean - mean).abs() < 3.0 * error, "{case}: {} for {mean}", found.mean);
        let ratio = found.deviation / deviation;
        assert!((0.7..1.4).contains(&ratio), "{case}: {} for {deviation}", found.deviation);
    }
}

/// Sums over more rows than are taken at a time, against those of one pair after the other.
#[test]
fn many_rows_are_as_their_pairs() {
    let (a, b) = (normal(1, 1300, 3), changed(&normal(2, 700, 3), |_, value| 2.0 * value));
    let kernel = |x: &[f32], y: &[f32]| {
        let product: f64 = x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
        (product / 3.0 + 1.0).powi(3)
    };
    let mean = |x: &Features, y: &Features, same: bool| {
        let pairs = x.iter().enumerate().flat_map(|(i, x)| {
            y.iter().enumerate().filter(move |(j, _)| !same || i != *j).map(move |(_, y)| (x, y))
        });
        let count = x.rows() * (y.rows() - usize::from(same));
        pairs.map(|(x, y)| kernel(x, y)).sum::<f64>() / count as f64
    };
    let expected = mean(&a, &a, true) + mean(&b, &b, true) - 2.0 * mean(&a, &b, false);
    let found = kernel_distance(&a, &b).unwrap();
    assert!((found / expected - 1.0).abs() < 1e-10, "{found} for {expected}");

    let statistics = FeatureMoments::of(&a).unwrap();
    let value = |row: usize, column: usize| f64::from(a.row(row)[column]);
    let mean = |column| (0..1300).map(|row| value(row, column)).sum::<f64>() / 1300.0;
    for i in 0..3 {
        assert!((statistics.mean[i] - mean(i)).abs() < 1e-12);
        for j in 0..3 {
            let products =
                (0..1300).map(|row| (value(row, i) - mean(i)) * (value(row, j) - mean(j)));
            let expected = products.sum::<f64>() / 1299.0;
            assert!((statistics.covariance[i * 3 + j] - expected).abs() < 1e-12);
        }
    }
    assert_eq!(statistics.count, 1300);
}

/// The mean over 2,000 pairs of sets of 8 and 12 rows of one distribution is 0 within its standard
/// error; with the diagonals, as the biased estimate has them, it would be a hundred of them off.
#[test]
fn kernel_distance_is_unbiased() {
    let distances: Vec<f64> = (0..2000)
        .map(|at| kernel_distance(&normal(2 * at, 8, 5), &normal(2 * at + 1, 12, 5)).unwrap())
        .collect();
    let count = distances.len() as f64;
    let mean = distances.iter().sum::<f64>() / count;
    let variance = distances.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    println!("{mean:.4} ± {error:.4}");
    assert!(mean.abs() < 3.0 * error, "{mean} ± {error}");
    assert!(error < 0.02, "{error}: too coarse to tell");
    // And of different ones, that of many rows: a shift of 0.5 in each column.
    let shifted = |seed, rows| changed(&normal(seed, rows, 5), |_, value| value + 0.5);
    let many = kernel_distance(&normal(1, 4000, 5), &shifted(2, 4000)).unwrap();
    let few = (0..2000)
        .map(|at| kernel_distance(&normal(2 * at, 8, 5), &shifted(2 * at + 1, 12)).unwrap());
    let few = few.sum::<f64>() / count;
    println!("{few:.4} for {many:.4}");
    assert!((few - many).abs() < 0.1 * many, "{few} for {many}");
}
