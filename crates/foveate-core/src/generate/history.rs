//! [`History`]: how a training went.

/// One iteration: the discriminator's steps, and the generator's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// Number of the iteration, from 1.
    pub iteration: usize,
    /// The discriminator's loss, the last one if it takes several steps.
    pub discriminator_loss: f64,
    /// The generator's.
    pub generator_loss: f64,
    /// D(x): the mean of the discriminator's outputs for real images, the logistic function of its logits: a
    /// probability of being real where the loss is that of Goodfellow et al., 2014, saturating or not.
    pub real: f64,
    /// D(G(z)): the same of generated ones, before its (last) step.
    pub fake: f64,
    /// D(G(z)) after the discriminator's step, in the generator's step.
    pub fake_after: f64,
    /// Since the training began.
    pub seconds: f64,
}

/// The iterations of a training, in order.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct History {
    /// The iterations.
    pub steps: Vec<Step>,
}

impl History {
    /// A table for a spreadsheet or a plot: a line of names, then a line for each iteration.
    pub fn csv(&self) -> String {
        let mut csv = String::from(
            "iteration,discriminator_loss,generator_loss,real,fake,fake_after,seconds\n",
        );
        for step in &self.steps {
            let Step { iteration, discriminator_loss, generator_loss, real, fake, .. } = step;
            let Step { fake_after, seconds, .. } = step;
            csv += &format!(
                "{iteration},{discriminator_loss},{generator_loss},{real},{fake},{fake_after},\
                 {seconds:.3}\n"
            );
        }
        csv
    }
}
