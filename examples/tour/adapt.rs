//! From images with labels to others without.

use foveate::adapt::{Adapted, DannTraining, Lambda, PseudoLabels, Tsne, features};
use foveate::data::{Images, TwoDomains};
use foveate::image::chart::scatter;
use foveate::models::{Dann, DannConfig, initialized};
use foveate::prelude::*;
use foveate::train::{Optimizer, Schedule, ShiftAndContrast};
use foveate::transfer::Features;

use crate::adapting::{clouds, domains, print, print_round};
use crate::page::{Chapter, Figure, Page};
use crate::percent;

pub fn chapter(page: &mut Page, device: &Device, seed: u64) -> anyhow::Result<()> {
    let command = "cargo run --release --example 10_dann -- --data digits --compare --variant \
                   normalized --contrast --optimizer adam --learning-rate 2e-3 --warm-start 0.5 \
                   --lambda 0.1 --epochs 3 --rounds 1 --round-epochs 1";
    page.chapter("Images that nobody has labeled", command, |chapter| {
        let data = TwoDomains::synthetic(6400, 1000, seed);
        let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
        let [before, changed, adapted, after] = train(&data, &preprocessing, device, seed)?;
        let accuracies = |name: &str, history: &foveate::adapt::History| {
            let last = history.epochs.last().expect("there was an epoch");
            vec![name.into(), percent(last.source_accuracy), percent(last.target_accuracy)]
        };
        let rows = [
            accuracies("white digits, 4 passes", &before.history),
            accuracies("contrast changed, 4 passes", &changed.history),
            accuracies("and 2 adversarial passes", &adapted.history),
            accuracies("and 1 with pseudo-labels", &after.history),
        ];
        chapter.text(
            "Networks learn from 6,400 white digits with labels, and are to read colored ones, \
             which have none. Three things are done about it, one after the other: the contrast \
             of the white ones is changed by chance; features are learned of which a second head \
             cannot tell whether they are of a white or of a colored digit, by turning its \
             gradient round; and the network learns from its own confident predictions. White \
             digits are read a little worse for it, after so few passes.",
        );
        chapter.table(&["learned from", "white on black", "colored"], &rows);
        println!("   t-SNE lays out what both see");
        for (title, network) in [("first", &before.network), ("last", &after.network)] {
            embedding(chapter, title, network, &preprocessing, &data, seed)?;
        }
        Ok(())
    })
}

/// On the source alone, with random contrast, adversarially, and with pseudo-labels.
fn train(
    data: &TwoDomains,
    preprocessing: &Preprocessing,
    device: &Device,
    seed: u64,
) -> anyhow::Result<[Adapted<Dann>; 4]> {
    let [source, target] = domains(data);
    let network = || initialized(DannConfig::new().with_normalized(true).init(device), seed);
    let plain = DannTraining {
        epochs: 4,
        batch: 32,
        optimizer: Optimizer::ADAM,
        learning_rate: 2e-3,
        lambda: None,
        seed,
        ..Default::default()
    };
    println!("   a network learns from white digits alone");
    let before = plain.run_with(network(), preprocessing, source, target, print)?;
    println!("   another from the same, their contrast changed by chance");
    let source_augmentation = ShiftAndContrast { contrast: true, ..plain.source_augmentation };
    let contrast = DannTraining { source_augmentation, ..plain.clone() };
    let changed = contrast.run_with(network(), preprocessing, source, target, print)?;
    println!("   and goes on with colored ones, too, without their labels");
    let more = DannTraining {
        epochs: 2,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        lambda: Some(Lambda::Constant { lambda: 0.1 }),
        ..contrast
    };
    let start = changed.network.clone();
    let adapted = more.run_with(start, preprocessing, source, target, print)?;
    println!("   and with its confident predictions as labels");
    let rounds = PseudoLabels {
        rounds: 1,
        threshold: 0.9,
        portion: Some(1.0),
        training: DannTraining { epochs: 1, ..more },
    };
    let start = adapted.network.clone();
    let after = rounds.run_with(start, preprocessing, source, target, print_round)?;
    Ok([before, changed, adapted, after])
}

/// Validation images of both domains as the network sees them.
fn embedding(
    chapter: &mut Chapter,
    title: &str,
    network: &Dann,
    preprocessing: &Preprocessing,
    data: &TwoDomains,
    seed: u64,
) -> anyhow::Result<()> {
    const COUNT: usize = 300;
    let sets = [&data.source_validation, &data.target_validation].map(|set| set.slice(0..COUNT));
    let [source, target] = [&sets[0], &sets[1]].map(|set| features(network, preprocessing, set));
    let settings = Tsne { seed, ..Default::default() };
    let points = settings.run(&Features::stack(&[source, target]));
    let classes = [&sets[0].labels[..], &sets[1].labels[..]].concat();
    let kinds = ["white on black".into(), "colored".into()];
    let by_domain = clouds(&points, &kinds, &|i| kinds[i / COUNT].clone());
    let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let by_class = clouds(&points, &digits, &|i| classes[i].to_string());
    let figure = |image, what: &str, caption: String| Figure {
        image,
        alt: format!("600 points of the {title} network's features, colored by {what}"),
        caption,
    };
    chapter.row(&[
        figure(
            scatter(&by_domain, &format!("{title} network: by kind")),
            "kind",
            format!(
                "The features of 300 images of each kind, as the {title} network of the table \
                 sees them, laid out by t-SNE: what lies near looks alike to it."
            ),
        ),
        figure(
            scatter(&by_class, &format!("{title} network: by digit")),
            "digit",
            "The same points, by the digit that they show.".into(),
        ),
    ])
}
