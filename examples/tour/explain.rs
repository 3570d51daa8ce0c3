//! Why a network sees what it sees, how to mislead it, and what it looks for.

use foveate::data::digits;
use foveate::explain::attack::{Attack, FoolingImage, Goal};
use foveate::explain::visualize::ClassVisualization;
use foveate::explain::{
    Attribution, Cam, CamRule, GuidedBackprop, IntegratedGradients, Lrp, Occlusion, Rise, Saliency,
    SmoothGrad, Target,
};
use foveate::image::sheet::{Cell, draw};
use foveate::image::{Colors, HeatMap};
use foveate::models::LeNet;
use foveate::prelude::*;

use crate::large;
use crate::page::Page;

type Method = Box<dyn Attribution<Classifier<LeNet>>>;

/// Digits that the network reads right, one of each class from 0 on.
fn clear(
    classifier: &Classifier<LeNet>,
    count: usize,
    seed: u64,
) -> anyhow::Result<Vec<(RgbImage, usize)>> {
    let set = digits(200, seed);
    let images = set.images();
    let guesses = classifier.classify(&images, 1)?;
    let of = |class: usize| {
        let right = |&i: &usize| set.labels[i] == class && guesses[i][0].class == class;
        (0..set.len()).find(right).map(|i| (images[i].clone(), class))
    };
    Ok((0..10).filter_map(of).take(count).collect())
}

pub fn attributions(
    page: &mut Page,
    classifier: &Classifier<LeNet>,
    device: &Device,
    seed: u64,
) -> anyhow::Result<()> {
    let command = "cargo run --release --example 04_attributions -- cat.jpg";
    page.chapter("Why does it see a 3?", command, |chapter| {
        let layer = || "features.4".into();
        let methods: [(&str, Method); 8] = [
            ("saliency", Box::new(Saliency)),
            ("integrated", Box::new(IntegratedGradients { steps: 32, ..Default::default() })),
            ("SmoothGrad", Box::new(SmoothGrad { samples: 32, ..SmoothGrad::new(Saliency) })),
            ("guided", Box::new(GuidedBackprop)),
            ("Grad-CAM", Box::new(Cam { rule: CamRule::GradCam, layer: layer() })),
            ("LRP", Box::new(Lrp::Epsilon(1e-6))),
            ("occlusion", Box::new(Occlusion::new([5, 5], [2, 2]))),
            ("RISE", Box::new(Rise { masks: 500, ..Default::default() })),
        ];
        let mut cells = Vec::new();
        for (image, class) in clear(classifier, 5, seed)? {
            cells.push(Cell::new(large(&image), format!("a {class}")));
            let pixels = classifier.preprocessing().pixels(&[image], device)?;
            for (name, method) in &methods {
                let map = method.attribute(classifier, pixels.tensor(), &Target::Class(class))?;
                let map = map.sum_dim(1);
                // What all pixels have (RISE's mean score) is not drawn.
                let least = map.clone().min().clamp_min(0.0).reshape([1, 1, 1, 1]);
                let heat = HeatMap { colors: Colors::Signed, outliers: 2.0 };
                let map = heat.draw_batch(&(map - least)).remove(0);
                cells.push(Cell::new(large(&map), *name));
            }
        }
        chapter.text(
            "A network's score is a function of the pixels, and can be followed back to them. \
             Eight methods, from eight papers, answer the same question: which pixels speak for \
             this digit, and which against it?",
        );
        chapter.figure(
            &draw(&cells, 9),
            "five digits, and eight maps in red and blue beside each",
            "On the left the digit; beside it where each method finds the reasons. Saliency and \
             SmoothGrad show where the score reacts, either way; Grad-CAM and RISE what speaks \
             for the digit; the others show in red what speaks for it, in blue what speaks \
             against it.",
        )
    })
}

pub fn fooled(
    page: &mut Page,
    classifier: &Classifier<LeNet>,
    device: &Device,
    seed: u64,
) -> anyhow::Result<()> {
    let command = "cargo run --release --example 05_fooling -- cat.jpg --target goldfish";
    page.chapter("How little must change for it to see something else?", command, |chapter| {
        let (images, classes): (Vec<_>, Vec<_>) = clear(classifier, 9, seed)?.into_iter().unzip();
        let targets: Vec<usize> = classes.iter().map(|class| (class + 1) % 10).collect();
        let pixels = classifier.preprocessing().pixels(&images, device)?;
        let std = classifier.preprocessing().std;
        let fooling = FoolingImage { step_size: 0.5, steps: 200, std };
        let attacked = fooling.attack(classifier, &pixels, &Goal::Targeted(targets.clone()))?;
        let after = attacked.adversarial.to_images();
        let guesses = classifier.classify_pixels(&attacked.adversarial, 1)?;
        let change = attacked.difference(1.0).to_images();
        let rows = [
            (0..classes.len())
                .map(|i| Cell::new(large(&images[i]), format!("a {}", classes[i])))
                .collect::<Vec<_>>(),
            (0..classes.len())
                .map(|i| {
                    let guess = &guesses[i][0];
                    let caption = format!("{} {:.0} %", guess.label, 100.0 * guess.probability);
                    Cell::new(large(&after[i]), caption)
                })
                .collect(),
            (0..classes.len())
                .map(|i| Cell::new(large(&change[i]), format!("{} steps", attacked.steps[i])))
                .collect(),
        ];
        let won = attacked.success.iter().filter(|&&success| success).count();
        chapter.text(format!(
            "Each digit is changed step by step, along the gradient, until the network finds the \
             next digit in it: {won} of {} are taken for another one, and a person still reads \
             what was drawn.",
            classes.len()
        ));
        chapter.figure(
            &draw(&rows.concat(), classes.len()),
            "nine digits, the same with faint colored noise, and the noise alone",
            "Above what was drawn; in the middle the same, changed, with what the network reads \
             now; below the change alone, on gray.",
        )
    })
}

pub fn classes(
    page: &mut Page,
    classifier: &Classifier<LeNet>,
    device: &Device,
    seed: u64,
) -> anyhow::Result<()> {
    let command = "cargo run --release --example 06_class_visualization -- gorilla";
    page.chapter("What does it look for?", command, |chapter| {
        let &Preprocessing { mean, std, .. } = classifier.preprocessing();
        let visualization = ClassVisualization {
            iterations: 150,
            learning_rate: 2.0,
            l2_reg: 5e-3,
            blur_every: 5,
            blur_sigma: 0.6,
            max_jitter: 2,
            snapshot_every: 0,
            mean,
            std,
            seed,
        };
        let start = visualization.noise(10, [28, 28], device);
        let all: Vec<usize> = (0..10).collect();
        let last = visualization.run(classifier, &start, &all)?.pop().expect("the last is kept");
        let images = last.pixels.to_images();
        let cells: Vec<Cell> = all
            .iter()
            .map(|&class| {
                let caption = format!("{class}: {:.0} %", 100.0 * last.probabilities[class]);
                Cell::new(large(&images[class]), caption)
            })
            .collect();
        chapter.text(
            "Ten images of noise are changed until the network is sure of a digit in each. \
             What grows in them is the network's own idea of that digit.",
        );
        chapter.figure(
            &draw(&cells, 10),
            "ten colored patterns in which the digits from 0 to 9 can be made out",
            "For each digit what raises its score the most, with the probability that the \
             network gives it.",
        )
    })
}
