//! The metrics of generated images against torch-fidelity, prdc and closed forms, and on real digits.

use std::collections::BTreeMap;
use std::fs;

use foveate::data::{Images, Split, digits, mnist};
use foveate::generate::metrics::{
    FeatureMoments, Features, InceptionScore, InceptionSettings, KernelDistance, KernelSettings,
    MetricError, ModeCoverage, Prdc, Score, Scorer, conditional_accuracy, frechet_distance,
    frechet_distance_of, kernel_distance, nearest,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::devices;
use crate::digits::real_data;
use crate::networks::golden_folder;

const CASES: [&str; 3] = ["digits", "relu", "copies"];

/// Matrices by name, row by row, with their columns.
struct Golden(BTreeMap<String, (Vec<f64>, usize)>);

impl Golden {
    fn read() -> Self {
        let path = golden_folder().join("metrics.safetensors");
        let bytes = fs::read(path).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let read = |view: &safetensors::tensor::TensorView<'_>| {
            let values: Vec<f64> = match view.dtype() {
                safetensors::Dtype::F64 => {
                    view.data().as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect()
                }
                _ => {
                    let values = view.data().as_chunks().0.iter();
                    values.map(|&b| f32::from_le_bytes(b).into()).collect()
                }
            };
            (values, *view.shape().last().unwrap())
        };
        Self(file.iter().map(|(name, view)| (name.to_string(), read(&view))).collect())
    }

    fn features(&self, name: &str) -> Features {
        let (values, columns) = &self.0[name];
        Features::new(values.iter().map(|&value| value as f32).collect(), *columns)
    }

    fn pair(&self, case: &str) -> [Features; 2] {
        ["a", "b"].map(|set| self.features(&format!("{case}.{set}")))
    }

    fn number(&self, name: &str) -> f64 {
        self.0[name].0[0]
    }

    /// That a number is the published code's, within a share of it.
    fn assert(&self, name: &str, found: f64, tolerance: f64) {
        let expected = self.number(name);
        let error = (found - expected).abs() / expected.abs().max(1e-300);
        println!("{name}: {found} for {expected}, {error:.1e}");
        assert!(error <= tolerance, "{name}: {found} for {expected}: {error:e}");
    }
}

fn normal(seed: u64, rows: usize, columns: usize) -> Features {
    let generator = ChaCha8Rng::seed_from_u64(seed);
    let values = StandardNormal.sample_iter(generator).take(rows * columns).collect();
    Features::new(values, columns)
}

/// Rows with their numbers changed, each by its place.
fn changed(features: &Features, change: impl Fn(usize, f32) -> f32) -> Features {
    let values = features.values().iter().enumerate().map(|(at, &value)| change(at, value));
    Features::new(values.collect(), features.columns())
}

fn first(features: &Features, rows: usize) -> Features {
    features.select(&(0..rows).collect::<Vec<_>>())
}

/// All in f64 from the same f32 features, by different roots: rounding.
#[test]
fn frechet_distance_equals_torch_fidelity() {
    let golden = Golden::read();
    for case in CASES {
        let [a, b] = golden.pair(case);
        let found = frechet_distance(&a, &b).unwrap();
        golden.assert(&format!("{case}.fid"), found, 1e-10);
        golden.assert(&format!("{case}.fid_sqrtm"), found, 1e-10);
    }
}

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

/// Counts: equal, also where many distances are.
#[test]
fn prdc_equals_the_published_code() {
    let golden = Golden::read();
    for case in CASES {
        let [real, generated] = golden.pair(case);
        for k in [1, 3, Prdc::NEAREST_K] {
            let Prdc { precision, recall, density, coverage } =
                Prdc::of(&real, &generated, k).unwrap();
            golden.assert(&format!("{case}.precision.{k}"), precision, 1e-12);
            golden.assert(&format!("{case}.recall.{k}"), recall, 1e-12);
            golden.assert(&format!("{case}.density.{k}"), density, 1e-12);
            golden.assert(&format!("{case}.coverage.{k}"), coverage, 1e-12);
        }
    }
}

/// On the same probabilities, in f64.
#[test]
fn inception_score_equals_torch_fidelity() {
    let golden = Golden::read();
    let probabilities = golden.features("probabilities");
    for splits in [1, 10] {
        let settings = InceptionSettings { splits, shuffle: None };
        let InceptionScore { mean, deviation } =
            InceptionScore::of(&probabilities, &settings).unwrap();
        golden.assert(&format!("inception.{splits}.mean"), mean, 1e-12);
        golden.assert(&format!("inception.{splits}.deviation"), deviation, 1e-9);
    }
    // Shuffles of another generator, as theirs over 200 seeds.
    let shuffled = InceptionScore::of(&probabilities, &InceptionSettings::default()).unwrap().mean;
    let [mean, deviation] =
        ["mean", "deviation"].map(|name| golden.number(&format!("inception.shuffled.{name}")));
    println!("shuffled: {shuffled} for {mean} ± {deviation}");
    assert!((shuffled - mean).abs() < 4.0 * deviation, "{shuffled} for {mean} ± {deviation}");
}

fn gaussian(mean: &[f64], covariance: &[f64]) -> FeatureMoments {
    FeatureMoments { mean: mean.to_vec(), covariance: covariance.to_vec(), count: 1000 }
}

fn diagonal(values: &[f64]) -> Vec<f64> {
    let at = |i, j| if i == j { values[i] } else { 0.0 };
    (0..values.len()).flat_map(|i| (0..values.len()).map(move |j| at(i, j))).collect()
}

/// `Q M Qᵀ` with the reflection `Q = I - 2 u uᵀ` along a vector.
fn reflected(matrix: &[f64], along: &[f64]) -> Vec<f64> {
    let size = along.len();
    let square: f64 = along.iter().map(|value| value * value).sum();
    let q = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * along[i] * along[j] / square;
    let entry = |i: usize, j: usize| -> f64 {
        let pairs = (0..size).flat_map(|k| (0..size).map(move |l| (k, l)));
        pairs.map(|(k, l)| q(i, k) * matrix[k * size + l] * q(j, l)).sum()
    };
    (0..size).flat_map(|i| (0..size).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
}

/// Of covariances with the same eigenvectors: `|μ₁ - μ₂|² + Σ (√a - √b)²`.
#[test]
fn gaussians_have_their_closed_form() {
    let (a, b) = ([4.0, 1.0, 0.25, 9.0, 1e-6, 0.0], [1.0, 1.0, 4.0, 2.0, 1e-2, 3.0]);
    let (left, right) = ([1.0, 2.0, 0.0, -1.0, 0.5, 3.0], [0.0, 2.0, 0.5, 1.0, 0.5, -1.0]);
    let mut expected = 1.0 + 0.25 + 4.0 + 16.0;
    for (a, b) in a.iter().zip(&b) {
        expected += (f64::sqrt(*a) - f64::sqrt(*b)).powi(2);
    }
    let (a, b) = (diagonal(&a), diagonal(&b));
    let found = frechet_distance_of(&gaussian(&left, &a), &gaussian(&right, &b));
    println!("diagonal: {:.1e}", found - expected);
    assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    let along = [0.3, -1.0, 2.0, 0.7, 0.1, -0.4];
    let (a, b) = (reflected(&a, &along), reflected(&b, &along));
    let found = frechet_distance_of(&gaussian(&left, &a), &gaussian(&right, &b));
    println!("rotated: {:.1e}", found - expected);
    assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
}

/// Of covariances that do not commute, in two dimensions: the roots of the eigenvalues of `S₁ S₂` add up
/// to `√(tr S₁ S₂ + 2 √(det S₁ det S₂))`.
#[test]
fn gaussians_across_one_another_have_their_closed_form() {
    let (a, b) = ([2.0, 0.6, 0.6, 1.0], [1.0, -0.9, -0.9, 3.0]);
    let determinant = |m: &[f64; 4]| m[0] * m[3] - m[1] * m[2];
    let product = a[0] * b[0] + a[1] * b[2] + a[2] * b[1] + a[3] * b[3];
    let root = (product + 2.0 * (determinant(&a) * determinant(&b)).sqrt()).sqrt();
    let expected = 1.0 + 3.0 + 4.0 - 2.0 * root;
    let found = frechet_distance_of(&gaussian(&[0.0, 1.0], &a), &gaussian(&[0.0, 0.0], &b));
    assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    let swapped = frechet_distance_of(&gaussian(&[0.0, 0.0], &b), &gaussian(&[0.0, 1.0], &a));
    assert!((found - swapped).abs() < 1e-12, "{found} and {swapped}");
}

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

/// Balls are open: of pairs at 0 and 10, samples at just their radius of 1 are in none. Those in turn
/// have radii of 3 and 7.
#[test]
fn prdc_counts_no_row_on_the_rim() {
    let real = Features::new(vec![0.0, 1.0, 10.0, 11.0], 1);
    let found = Prdc::of(&real, &Features::new(vec![-1.0, 2.0, 5.0, 12.0], 1), 1).unwrap();
    let expected = Prdc { precision: 0.0, recall: 1.0, density: 0.0, coverage: 0.0 };
    assert_eq!(found, expected);
    // Inside one ball, that of 10, and inside two, those of 0 and 1.
    let found = Prdc::of(&real, &Features::new(vec![9.5, 0.5], 1), 1).unwrap();
    let expected = Prdc { precision: 1.0, recall: 1.0, density: 1.5, coverage: 0.75 };
    assert_eq!(found, expected);
    // Their balls, of 2.5, hold the one at 10.
    let found = Prdc::of(&real, &Features::new(vec![5.5, 8.0], 1), 1).unwrap();
    let expected = Prdc { precision: 0.0, recall: 0.25, density: 0.0, coverage: 0.0 };
    assert_eq!(found, expected);
}

/// Two sets of one distribution: density 1, coverage `1 - 2^-k`, within a few standard errors.
#[test]
fn prdc_of_equal_distributions_is_as_expected() {
    let found = Prdc::of(&normal(1, 3000, 8), &normal(2, 3000, 8), 5).unwrap();
    println!("{found:?}");
    assert!((found.density - 1.0).abs() < 0.05, "{found:?}");
    assert!((found.coverage - (1.0 - 1.0 / 32.0)).abs() < 0.01, "{found:?}");
    // One mode of two: all of it real, half of the data left out.
    let two =
        changed(&normal(1, 1000, 8), |at, value| value + if at / 8 % 2 == 0 { 20.0 } else { 0.0 });
    let found = Prdc::of(&two, &normal(3, 1000, 8), 5).unwrap();
    println!("{found:?}");
    assert!(found.precision > 0.9 && (0.4..=0.5).contains(&found.recall), "{found:?}");
    assert!((0.4..=0.5).contains(&found.coverage), "{found:?}");
}

/// Against every distance by itself, over several strips and tiles.
#[test]
fn nearest_rows_are_found() {
    let (a, b) = (normal(1, 300, 7), normal(2, 1100, 7));
    let far = |features: &Features| changed(features, |_, value| value + 100.0);
    for (a, b) in [(far(&a), far(&b)), (b.clone(), a.clone()), (a, b)] {
        let found = nearest(&a, &b).unwrap();
        assert_eq!(found.len(), a.rows());
        for (row, found) in a.iter().zip(found) {
            let distance = |other: &[f32]| -> f64 {
                let pairs = row.iter().zip(other);
                pairs.map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum::<f64>().sqrt()
            };
            let least = b.iter().map(distance).fold(f64::INFINITY, f64::min);
            assert_eq!(found.distance, distance(b.row(found.row)));
            assert!(found.distance <= least * (1.0 + 1e-7), "{found:?} for {least}");
        }
    }
}

/// Sure and even: the number of classes; unsure, or all of one: 1.
#[test]
fn inception_scores_have_closed_forms() {
    let score = |rows: &[[f32; 3]]| {
        let settings = InceptionSettings { splits: 1, ..InceptionSettings::default() };
        InceptionScore::of(&Features::new(rows.concat(), 3), &settings).unwrap().mean
    };
    let sure = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    assert!((score(&sure) - 3.0).abs() < 1e-12);
    assert!((score(&[sure[1]; 7]) - 1.0).abs() < 1e-12);
    assert!((score(&[[0.2, 0.5, 0.3]; 7]) - 1.0).abs() < 1e-12);
    // Two of three: ln 2 - (2/3 of a coin's entropy) for a sure row of either and one between them.
    let between = score(&[sure[0], sure[1], [0.5, 0.5, 0.0]]);
    assert!((between - 2_f64.powf(2.0 / 3.0)).abs() < 1e-12, "{between}");
}

#[test]
fn modes_are_counted() {
    let data: Vec<usize> = (0..1000).map(|at| at % 4).collect();
    // Halves of two classes of four: ln 2.
    let found = ModeCoverage::of(&[0, 2, 2, 0], &data, 4).unwrap();
    assert_eq!([found.covered, found.classes], [2, 4]);
    assert!((found.divergence - 2_f64.ln()).abs() < 1e-12);
    assert_eq!(ModeCoverage::of(&data[..8], &data, 4).unwrap().divergence, 0.0);
    // 1/4 and 3/4 against 1/2 and 1/2.
    let found = ModeCoverage::of(&[0, 1, 1, 1], &[0, 1], 3).unwrap();
    let expected = 0.25 * 0.5_f64.ln() + 0.75 * 1.5_f64.ln();
    assert!((found.divergence - expected).abs() < 1e-12);
    assert_eq!(ModeCoverage::of(&[0, 2], &[0, 1], 3).unwrap().divergence, f64::INFINITY);
    assert_eq!(conditional_accuracy(&[0, 1, 2, 3], &[0, 1, 3, 3]).unwrap(), 0.75);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (a, b) = (normal(1, 700, 90), normal(2, 650, 90));
    let all = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let settings = KernelSettings { subsets: 5, subset_size: 300, seed: 1 };
            let kernel = KernelDistance::of(&a, &b, &settings).unwrap();
            let prdc = Prdc::of(&a, &b, 5).unwrap();
            let all = kernel_distance(&a, &b).unwrap();
            (kernel, all, prdc, nearest(&a, &b).unwrap())
        })
    };
    assert!(all(1) == all(5));
    // But for the last bits of FID, whose decompositions are faer's.
    let frechet = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| frechet_distance(&a, &b).unwrap())
    };
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

#[test]
#[should_panic(expected = "statistics of equally many columns")]
fn statistics_are_of_equal_columns() {
    frechet_distance_of(&gaussian(&[0.0], &[1.0]), &gaussian(&[0.0; 2], &diagonal(&[1.0; 2])));
}

/// 10,000 real digits on 32x32 pixels in `[0, 1]`.
fn real_digits() -> Vec<[f32; 1024]> {
    let pad = |image: &[u8]| {
        let mut padded = [0.0; 1024];
        for (y, row) in image.chunks_exact(28).enumerate() {
            let into = padded[(y + 2) * 32 + 2..].iter_mut();
            into.zip(row).for_each(|(into, &value)| *into = f32::from(value) / 255.0);
        }
        padded
    };
    let set = mnist(Split::Test).unwrap();
    (0..set.len()).map(|i| pad(set.bytes(i))).collect()
}

/// Means of 4x4 pixels: 64 features.
fn pooled(images: &[[f32; 1024]]) -> Features {
    let mean = |image: &[f32; 1024], at: usize| -> f32 {
        let corner = at / 8 * 4 * 32 + at % 8 * 4;
        (0..16).map(|k| image[corner + k / 4 * 32 + k % 4]).sum::<f32>() / 16.0
    };
    let values = images.iter().flat_map(|image| (0..64).map(|at| mean(image, at)));
    Features::new(values.collect(), 64)
}

/// With pixels moved by normal noise, within `[0, 1]`.
fn noisy(images: &[[f32; 1024]], deviation: f32) -> Vec<[f32; 1024]> {
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    let mut move_on = |value: f32| -> f32 {
        let noise: f32 = StandardNormal.sample(&mut generator);
        (value + deviation * noise).clamp(0.0, 1.0)
    };
    images.iter().map(|image| image.map(&mut move_on)).collect()
}

/// Blurred by a Gaussian, black around.
fn blurred(images: &[[f32; 1024]], deviation: f32) -> Vec<[f32; 1024]> {
    const REACH: usize = 9;
    let weight = |at: usize| (-(at as f32 - REACH as f32).powi(2) / 2.0 / deviation.powi(2)).exp();
    let mut weights: [f32; 2 * REACH + 1] = std::array::from_fn(weight);
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let pass = |image: [f32; 1024], step: usize| -> [f32; 1024] {
        std::array::from_fn(|at| {
            let place = at / step % 32;
            let (first, last) = (place.saturating_sub(REACH), (place + REACH).min(31));
            let line = at - place * step;
            let near = first..=last;
            near.map(|near| weights[near + REACH - place] * image[line + near * step]).sum()
        })
    };
    images.iter().map(|&image| pass(pass(image, 1), 32)).collect()
}

/// Real digits against other real digits, spoilt more and more: FID and KID grow. Noise takes them away
/// from all real ones: precision falls. Blur draws them together, to the middle of the real ones: of
/// these features recall falls, and precision does not.
#[test]
fn bad_images_are_worse() {
    if !real_data("bad_images_are_worse") {
        return;
    }
    let digits = real_digits();
    // The first 5,000 of the file are easier than the last: by turns.
    let half = |odd| digits.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>();
    let (real, others) = (pooled(&half(0)), half(1));
    let measure = |what: &str, generated: &Features| {
        let frechet = frechet_distance(&real, generated).unwrap();
        let kernel = kernel_distance(&real, generated).unwrap();
        let found = Prdc::of(&real, generated, Prdc::NEAREST_K).unwrap();
        println!("{what}: {frechet:.5} {kernel:.7} {found:?}");
        (frechet, kernel, found)
    };
    let clean = measure("clean", &pooled(&others));
    let mut last = clean;
    for deviation in [0.1, 0.2, 0.3, 0.4] {
        let now = measure(&format!("noise {deviation}"), &pooled(&noisy(&others, deviation)));
        assert!(now.0 > last.0 && now.1 > last.1 && now.2.precision < last.2.precision);
        last = now;
    }
    let mut last = clean;
    for deviation in [1.0, 2.0, 3.0] {
        let now = measure(&format!("blur {deviation}"), &pooled(&blurred(&others, deviation)));
        assert!(now.0 > last.0 && now.1 > last.1 && now.2.recall < last.2.recall);
        last = now;
    }
}

/// The same of the features of the fixed network, on drawn digits that it has never seen: it reads them,
/// and FID grows with noise and blur.
#[test]
fn the_fixed_network_sees_bad_images() {
    let scorer = Scorer::digits(&devices::any()).unwrap();
    let set = digits(1200, 3);
    let scaled: Vec<[f32; 1024]> = {
        let set = set.resized(32, 32);
        (0..set.len())
            .map(|i| std::array::from_fn(|at| f32::from(set.bytes(i)[at]) / 255.0))
            .collect()
    };
    let see = |images: &[[f32; 1024]], labels: &[usize]| {
        let bytes = images.iter().flatten().map(|value| (value * 255.0).round() as u8);
        let pixels = bytes.collect();
        let labels = labels.to_vec();
        scorer.activations(&Images { height: 32, width: 32, channels: 1, pixels, labels })
    };
    let (half, labels) = (scaled.len() / 2, &set.labels);
    let real = see(&scaled[..half], &labels[..half]);
    let (others, asked) = (&scaled[half..], &labels[half..]);
    let classes: Vec<usize> = asked.to_vec();
    let score =
        |images: &[[f32; 1024]]| Score::of(&real, &see(images, asked), Some(&classes)).unwrap();
    let clean = score(others);
    println!("{clean}");
    assert!(clean.conditional_accuracy.unwrap() > 0.9 && clean.modes.covered == 10);
    let spoilt: [Vec<Score>; 2] = [
        [0.2, 0.4, 0.6].map(|deviation| score(&noisy(others, deviation))).to_vec(),
        [1.0, 2.0, 3.0].map(|deviation| score(&blurred(others, deviation))).to_vec(),
    ];
    for scores in spoilt {
        let distances: Vec<f64> = scores.iter().map(|score| score.frechet).collect();
        let accuracies: Vec<f64> =
            scores.iter().map(|score| score.conditional_accuracy.unwrap()).collect();
        println!("{:.2}, then {distances:.2?}; {accuracies:.3?}", clean.frechet);
        assert!(clean.frechet < distances[0] && distances.is_sorted(), "{distances:?}");
        assert!(accuracies.is_sorted_by(|a, b| a > b), "{accuracies:?}");
    }
}
