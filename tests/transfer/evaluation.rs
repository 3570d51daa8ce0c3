//! Evaluation against scikit-learn and published intervals.

use foveate::transfer::{Confidence, Evaluation, LearnError};

use crate::support::golden::golden_tensors;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

#[test]
fn counts_equal_scikit_learn() {
    let golden = golden_tensors("pca.safetensors");
    let read = |name: &str| golden[name].iter::<f32>().collect::<Vec<_>>();
    let whole = |name: &str| read(name).iter().map(|&v| v as usize).collect::<Vec<_>>();
    let found = Evaluation::new(&whole("predicted"), &whole("labels"), &names(7)).unwrap();
    assert_eq!(found.confusion().concat(), whole("confusion"));
    let equal = |found: Vec<Option<f64>>, name: &str| {
        for (found, expected) in found.iter().zip(read(name)) {
            assert!((found.unwrap_or(0.0) as f32 - expected).abs() < 1e-6, "{name}");
        }
    };
    equal(found.recall(), "recall");
    equal(found.precision(), "precision");
    assert_eq!(found.precision()[3], None, "never predicted");
    assert_eq!(found.rows(), 400);
    let right = whole("predicted").iter().zip(whole("labels")).filter(|(a, b)| **a == *b).count();
    assert_eq!(found.accuracy(), right as f64 / 400.0);
}

/// The intervals for 95 % of Newcombe, "Two-sided confidence intervals for the single proportion",
/// Statistics in Medicine 17, 1998, table I, method 3 (score, without continuity correction): given to
/// four digits. And at every level, the equation that they solve.
#[test]
fn intervals_are_wilsons() {
    for (right, rows, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let predicted: Vec<_> = (0..rows).map(|row| usize::from(row >= right)).collect();
        let evaluation = Evaluation::new(&predicted, &vec![0; rows], &names(2)).unwrap();
        let interval = evaluation.interval(Confidence::Percent95);
        assert!((interval.start() - low).abs() < 5e-5, "{right} of {rows}: {interval:?}");
        assert!((interval.end() - high).abs() < 5e-5, "{right} of {rows}: {interval:?}");
        let (narrow, wide) = (
            evaluation.interval(Confidence::Percent90),
            evaluation.interval(Confidence::Percent99),
        );
        assert!(wide.start() <= interval.start() && interval.end() < wide.end());
        assert!(narrow.start() >= interval.start() && narrow.end() < interval.end());
        // Wilson's equation, at the end that is not cut off: (share - p)^2 = z^2 p (1 - p) / n.
        for (interval, z) in [(narrow, 1.644_853_6), (interval, 1.959_964), (wide, 2.575_829_3)] {
            let (p, share) = (*interval.end(), right as f64 / rows as f64);
            let z_found = (p - share) / (p * (1.0 - p) / rows as f64).sqrt();
            assert!((z_found - z).abs() < 1e-6, "{z_found} for {z}");
        }
    }
    let all = Evaluation::new(&[0; 20], &[0; 20], &names(1)).unwrap();
    assert_eq!(*all.interval(Confidence::Percent95).end(), 1.0);
}

#[test]
fn prints_a_table() {
    let evaluation = Evaluation::new(
        &[0, 1, 1, 1, 0, 0],
        &[0, 0, 0, 1, 1, 1],
        &["cat".into(), "aardvark".into()],
    );
    let expected = "\
accuracy 33.33 % (2 of 6; 95 %: 9.68 to 70.00 %)

class       rows   recall  precision  most often taken for
cat            3   33.3 %     33.3 %  aardvark (2)
aardvark       3   33.3 %     33.3 %  cat (2)";
    assert_eq!(evaluation.unwrap().to_string(), expected);
}

#[test]
fn what_cannot_be_counted_is_an_error() {
    let error = |predicted: &[usize], labels: &[usize]| {
        Evaluation::new(predicted, labels, &names(2)).unwrap_err()
    };
    assert!(matches!(error(&[0], &[0, 1]), LearnError::Labels { rows: 1, labels: 2 }));
    assert!(matches!(error(&[0, 2], &[0, 1]), LearnError::Label { row: 1, label: 2, classes: 2 }));
    assert!(matches!(error(&[0, 1], &[5, 1]), LearnError::Label { row: 0, label: 5, .. }));
    assert!(matches!(error(&[], &[]), LearnError::Setting(_)));
}
