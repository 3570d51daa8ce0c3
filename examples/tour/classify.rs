//! A network reads digits.

use foveate::data::digits;
use foveate::image::chart::confusion_matrix;
use foveate::image::sheet::{Cell, draw};
use foveate::models::LeNet;
use foveate::prelude::*;
use foveate::transfer::Evaluation;

use crate::page::Page;
use crate::{large, percent};

pub fn chapter(page: &mut Page, classifier: &Classifier<LeNet>, seed: u64) -> anyhow::Result<()> {
    let command = "cargo run --release --example 01_classify -- cat.jpg";
    page.chapter("A network reads digits", command, |chapter| {
        let set = digits(2000, seed);
        let (images, labels) = (set.images(), set.labels.clone());
        let guesses = classifier.classify(&images, 3)?;
        let found: Vec<usize> = guesses.iter().map(|guesses| guesses[0].class).collect();
        let judged = Evaluation::new(&found, &labels, classifier.labels())?;
        chapter.text(format!(
            "LeNet-5 has learned from MNIST, 60,000 digits that people wrote; its weights come \
             with the library, and there is nothing to download. It has never seen a digit like \
             these, which a program drew: it reads {} of 2,000 right.",
            percent(judged.accuracy())
        ));
        let (found, labels) = (&found, &labels);
        let cell = |i: usize| {
            let bars = guesses[i].iter().map(|guess| (guess.label.clone(), guess.probability));
            let caption = format!("a {}", labels[i]);
            Cell { bars: bars.collect(), ..Cell::new(large(&images[i]), caption) }
        };
        let of =
            |right| (0..found.len()).filter(move |&i| (found[i] == labels[i]) == right).take(8);
        let cells: Vec<Cell> = of(true).chain(of(false)).map(cell).collect();
        chapter.figure(
            &draw(&cells, 8),
            "two rows of eight handwritten digits with bars",
            "What was drawn, and below it the network's three best guesses, with bars for their \
             probabilities. Those of the second row it reads wrong.",
        )?;
        chapter.figure(
            &confusion_matrix(judged.confusion(), classifier.labels(), "2,000 drawn digits"),
            "a table of ten rows and columns, dark on its diagonal",
            "Which digits are taken for which: a row for what was drawn, a column for what was \
             read.",
        )
    })
}
