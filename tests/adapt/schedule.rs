//! Lambda and the learning rate against the paper.

use foveate::adapt::{DannTraining, Lambda, UpdateEvery};
use foveate::train::Schedule;

use super::{domains, quick, run};

#[test]
fn schedules_are_the_paper_s() {
    let annealed = |progress| Lambda::PAPER.at(progress);
    assert_eq!(annealed(0.0), 0.0);
    // tanh(gamma p / 2).
    for progress in [0.1, 0.5, 1.0] {
        assert!((annealed(progress) - (5.0 * progress).tanh()).abs() < 1e-15);
    }
    let warm = Lambda::WarmStart { lambda: 0.3, share: 0.5 };
    assert_eq!([0.0, 0.49, 0.5, 1.0].map(|progress| warm.at(progress)), [0.0, 0.0, 0.3, 0.3]);
    assert_eq!(Schedule::DANN.at(0.01, 0.0, 1), 0.01);
    assert!((Schedule::DANN.at(0.01, 20.0, 20) - 0.01 / 11_f64.powf(0.75)).abs() < 1e-15);
    assert_eq!(Schedule::Constant.at(0.01, 0.7, 1), 0.01);
    let data = domains(|_| 0);
    for (update_every, last) in [(UpdateEvery::Batch, 3.75 / 4.0), (UpdateEvery::Epoch, 3.0 / 4.0)]
    {
        let adapted = run(&DannTraining { update_every, ..quick() }, &data, 9).unwrap();
        let epoch = adapted.history.epochs.last().unwrap();
        assert_eq!(
            (epoch.lambda, epoch.learning_rate),
            (annealed(last), Schedule::DANN.at(0.01, last, 1))
        );
    }
}
