//! The Inception Score.

use foveate::generate::metrics::{Features, InceptionScore, InceptionSettings};

use super::Golden;

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
