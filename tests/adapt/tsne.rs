//! t-SNE: what must hold of any, and how true it is to real digits beside scikit-learn's.

use foveate::adapt::{Tsne, tsne_csv};
use foveate::data::{Split, mnist};
use foveate::transfer::Features;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::support::devices;
use crate::support::real::real_data;

/// 40 rows each about three places in 20 dimensions, one place after the other.
fn clusters() -> Features {
    let generator = ChaCha8Rng::seed_from_u64(1);
    let noise = generator.sample_iter::<f32, _>(StandardNormal).take(120 * 20);
    let place = |i: usize| if i % 20 == i / 800 { 12.0 } else { 0.0 };
    Features::new(noise.enumerate().map(|(i, value)| value + place(i)).collect(), 20)
}

fn short(seed: u64) -> Tsne {
    Tsne { perplexity: 10.0, iterations: 400, seed }
}

/// Other rows, nearest first.
fn order(rows: &[&[f32]], of: usize) -> Vec<usize> {
    let distance = |row: &[f32]| -> f64 {
        row.iter().zip(rows[of]).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    };
    let mut others: Vec<_> = (0..rows.len()).filter(|&j| j != of).collect();
    let distances: Vec<f64> = rows.iter().map(|row| distance(row)).collect();
    others.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    others
}

/// As in scikit-learn: 1, less for every near point that was far in rank.
fn trustworthiness(rows: &[&[f32]], points: &[&[f32]], near: usize) -> f64 {
    let n = rows.len();
    let penalty = |i: usize| -> usize {
        let mut rank = vec![0; n];
        order(rows, i).into_iter().enumerate().for_each(|(r, j)| rank[j] = r + 1);
        order(points, i)[..near].iter().map(|&j| rank[j].saturating_sub(near)).sum()
    };
    let sum: usize = (0..n).map(penalty).sum();
    1.0 - sum as f64 * 2.0 / (n * near * (2 * n - 3 * near - 1)) as f64
}

#[test]
fn clusters_stay_apart() {
    let points = short(0).run(&clusters());
    let points: Vec<&[f32]> = points.iter().map(|point| &point[..]).collect();
    for i in 0..120 {
        assert!(order(&points, i)[..20].iter().all(|j| j / 40 == i / 40), "point {i}");
    }
    let mean = |k: usize| points.iter().map(|point| point[k]).sum::<f32>() / 120.0;
    assert!(mean(0).abs() < 1e-4 && mean(1).abs() < 1e-4);
}

/// Pools of several sizes, one of them inside another.
#[test]
fn seeds_make_the_bits_and_threads_do_not() {
    let features = clusters();
    let run = |threads, seed| {
        let points = devices::on_threads(threads, || short(seed).run(&features));
        points.into_iter().flatten().map(f32::to_bits).collect::<Vec<_>>()
    };
    let first = run(1, 3);
    assert_eq!(first, run(4, 3));
    assert_eq!(first, run(7, 3));
    assert_ne!(first, run(1, 4));
}

#[test]
fn odd_features_have_finite_places() {
    let twice = clusters().iter().flat_map(|row| [row, row].concat()).collect();
    let huge = clusters().values().iter().map(|value| value * 1e15).collect();
    for (values, columns) in [(vec![1.0; 400], 4), (twice, 20), (huge, 20)] {
        let features = Features::new(values, columns);
        for iterations in [0, 1, 3, 300] {
            let points = Tsne { iterations, ..short(0) }.run(&features);
            assert_eq!(points.len(), features.rows());
            let finite = points.iter().flatten().all(|value| value.is_finite());
            assert!(finite, "{iterations} steps of {} rows", points.len());
        }
    }
}

/// On the same digits, scikit-learn's TSNE (four seeds; 1.9.0, otherwise as it comes) has trustworthiness
/// 0.972 to 0.975 among 5 neighbors and 0.948 to 0.953 among 12; this one, of four seeds too, 0.967 to 0.972
/// and 0.948 to 0.951.
#[test]
fn real_digits_keep_their_neighbors() {
    if !real_data("real_digits_keep_their_neighbors") {
        return;
    }
    let digits = mnist(Split::Test).unwrap().slice(0..1000);
    let pixels: Vec<f32> = digits.pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let points = Tsne::default().run(&Features::new(pixels.clone(), 784));
    let rows: Vec<&[f32]> = pixels.chunks_exact(784).collect();
    let points: Vec<&[f32]> = points.iter().map(|point| &point[..]).collect();
    let (five, twelve) = (trustworthiness(&rows, &points, 5), trustworthiness(&rows, &points, 12));
    assert!(five > 0.96 && twelve > 0.942, "{five} {twelve}");
}

#[test]
fn tables_have_a_line_a_point() {
    let table = tsne_csv(&[[1.5, -0.25], [1e-9, 3.0]], &["source", "a, \"b\""], &[3, 9]);
    let expected = "x,y,domain,class\n1.5,-0.25,source,3\n0.000000001,3,\"a, \"\"b\"\"\",9\n";
    assert_eq!(table, expected);
}

#[test]
#[should_panic(expected = "a perplexity of 10 needs more than 30 rows, not 30")]
fn rows_are_enough() {
    short(0).run(&Features::new(vec![0.0; 60], 2));
}

#[test]
#[should_panic(expected = "features are finite")]
fn features_are_finite() {
    short(0).run(&Features::new(vec![f32::NAN; 200], 2));
}
