//! Rank correlation; see [`spearman`].

/// Spearman's correlation of two lists of one length, in `[-1, 1]`: Pearson's of their ranks, equal
/// values sharing the mean of their ranks. NaN, as scipy's, if a list holds one value throughout or
/// less than two.
///
/// Charles Spearman, *The Proof and Measurement of Association between Two Things*, 1904,
/// <https://doi.org/10.2307/1412159>.
///
/// # Panics
///
/// If the lengths differ.
pub fn spearman(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "a correlation is of pairs");
    let (a, b) = (ranks(a), ranks(b));
    // The mean of ranks 1 to n, shared or not.
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    (product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()) as f32
}

fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i] = rank);
        before += equal.len();
    }
    ranks
}
