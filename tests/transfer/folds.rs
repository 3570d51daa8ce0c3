//! Splits and cross-validation against what they promise.

use foveate::transfer::{CrossValidation, Fold, LearnError, stratified_k_fold, stratified_split};

/// 53 rows in classes of 7, 11, 12 and 23, mixed.
fn labels() -> Vec<usize> {
    let mut labels = [vec![0; 7], vec![1; 11], vec![2; 12], vec![4; 23]].concat();
    let mixed = |i: usize| i * 30 % 53;
    (0..53).for_each(|i| labels.swap(i, mixed(i)));
    labels
}

fn spread(values: impl Iterator<Item = usize> + Clone) -> usize {
    values.clone().max().unwrap() - values.min().unwrap()
}

#[test]
fn every_row_validates_once_and_classes_are_spread() {
    let labels = labels();
    for folds in [2, 5, 7] {
        let found = stratified_k_fold(&labels, folds, 1).unwrap();
        assert_eq!(found.len(), folds);
        let mut seen: Vec<_> = found.iter().flat_map(|fold| fold.validation.clone()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..53).collect::<Vec<_>>());
        for Fold { train, validation } in &found {
            let mut all = [&train[..], validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..53).collect::<Vec<_>>());
            assert!(train.is_sorted() && validation.is_sorted());
        }
        assert!(spread(found.iter().map(|fold| fold.validation.len())) <= 1);
        for class in [0, 1, 2, 4] {
            let of_class =
                |fold: &Fold| fold.validation.iter().filter(|&&r| labels[r] == class).count();
            assert!(spread(found.iter().map(of_class)) <= 1, "{folds} folds, class {class}");
        }
        assert_eq!(found, stratified_k_fold(&labels, folds, 1).unwrap());
        assert_ne!(found, stratified_k_fold(&labels, folds, 2).unwrap());
    }
}

/// Every row of a class is as likely to be drawn for a fold as any other: over 1,000 seeds each of the
/// 7 falls into the first of 7 folds 143 times on average, with a standard deviation of 11; 5 of them.
#[test]
fn folds_are_drawn_evenly() {
    let (labels, mut times) = (labels(), [0_usize; 53]);
    for seed in 0..1_000 {
        let first = &stratified_k_fold(&labels, 7, seed).unwrap()[0];
        first.validation.iter().for_each(|&row| times[row] += 1);
    }
    for (row, &label) in labels.iter().enumerate().filter(|(_, label)| **label == 0) {
        assert!(times[row].abs_diff(143) < 55, "row {row} of class {label}: {}", times[row]);
    }
}

#[test]
fn a_split_keeps_the_share_of_every_class() {
    let labels = labels();
    let fold = stratified_split(&labels, 0.3, 3).unwrap();
    let of_class = |class| fold.validation.iter().filter(|&&row| labels[row] == class).count();
    assert_eq!([0, 1, 2, 4].map(of_class), [2, 3, 4, 7]);
    let mut all = [&fold.train[..], &fold.validation].concat();
    all.sort_unstable();
    assert_eq!(all, (0..53).collect::<Vec<_>>());
    assert_eq!(fold, stratified_split(&labels, 0.3, 3).unwrap());
    assert_ne!(fold, stratified_split(&labels, 0.3, 4).unwrap());
    // One row of a class stays on either side.
    assert_eq!(stratified_split(&[0, 0, 1, 1], 0.01, 0).unwrap().validation.len(), 2);
    assert_eq!(stratified_split(&[0, 0, 1, 1], 0.99, 0).unwrap().train.len(), 2);
}

#[test]
fn what_cannot_be_split_is_an_error() {
    let sparse = stratified_k_fold(&labels(), 8, 0).unwrap_err();
    let expected = "class 0 has 7 rows of features for 8 folds: expected 8 or more; add images of it, or leave it out";
    assert_eq!(sparse.to_string(), expected);
    let one = stratified_k_fold(&labels(), 1, 0).unwrap_err();
    assert_eq!(one.to_string(), "folds is 1: expected 2 or more");
    for fraction in [0.0, 1.0, f64::NAN] {
        assert!(stratified_split(&[0, 0], fraction, 0).is_err());
    }
    let one = stratified_split(&[0, 0, 1], 0.5, 0).unwrap_err();
    assert!(matches!(one, LearnError::Sparse { class: 1, found: 1, .. }), "{one}");
    assert!(one.to_string().starts_with("class 1 has 1 rows"), "{one}");
    let named = one.named(&["cat", "dog"].map(String::from)).to_string();
    assert!(named.starts_with("class dog has 1 rows"), "{named}");
}

#[test]
fn the_first_of_the_best_is_chosen() {
    let folds = stratified_k_fold(&labels(), 2, 0).unwrap();
    let judge = |&(low, high): &(f64, f64), fold: &Fold| match fold == &folds[0] {
        true => Ok(low),
        false => Ok(high),
    };
    let found =
        CrossValidation::run(&[(0.25, 0.5), (0.5, 1.0), (1.0, 0.5)], &folds, judge).unwrap();
    assert_eq!(found.best, 1);
    assert_eq!(found.scores[1].mean, 0.75);
    assert_eq!(found.scores[1].folds, [0.5, 1.0]);
    assert!((found.scores[1].deviation - 0.125_f64.sqrt()).abs() < 1e-12);
    assert!(CrossValidation::run::<(f64, f64)>(&[], &folds, judge).is_err());
    assert!(CrossValidation::run(&[(1.0, 1.0)], &[], judge).is_err());
    assert!(CrossValidation::run(&[(1.0, f64::NAN)], &folds, judge).is_err());
    let fails = |_: &(f64, f64), _: &Fold| Err(LearnError::OneClass);
    let error = CrossValidation::run(&[(1.0, 1.0)], &folds, fails).unwrap_err();
    assert!(matches!(error, LearnError::OneClass));
}
