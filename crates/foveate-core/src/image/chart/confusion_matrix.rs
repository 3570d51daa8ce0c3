//! [`confusion_matrix`](confusion_matrix()): which classes are taken for which.

use image::RgbImage;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{MEMORY, page, text};
use crate::image::text::clip;

/// Draws how many of each class (a row) were taken for which (a column): dark for a large share of
/// the row.
///
/// # Panics
///
/// If there is not one row and one column for every name.
pub fn confusion_matrix(counts: &[Vec<usize>], names: &[String], title: &str) -> RgbImage {
    let square = counts.len() == names.len() && counts.iter().all(|row| row.len() == names.len());
    assert!(square, "one row and one column for every name");
    let most = counts.iter().flatten().max().copied().unwrap_or(0);
    // Of many classes, only the shades.
    let counted = names.len() <= 60;
    let cell = if counted { (10 * most.to_string().len() as i32 + 8).max(34) } else { 12 };
    let names: Vec<String> = names.iter().map(|name| clip(name, 20)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let (beside, above) = (8 * longest as i32 + 46, 8 * longest as i32 + 76);
    let side = cell * names.len() as i32;
    let wide = (beside + side + 16).max(11 * title.chars().count() as i32 + 16);
    page((wide as u32, (above + side + 16) as u32), |page| {
        let words = |words: &str, style: TextStyle<'_>, at| {
            page.draw_text(words, &style, at).expect(MEMORY);
        };
        let (start, end) =
            (Pos::new(HPos::Left, VPos::Center), Pos::new(HPos::Right, VPos::Center));
        let center = Pos::new(HPos::Center, VPos::Center);
        let upwards = FontTransform::Rotate270;
        words(title, text(20).pos(start), (12, 20));
        words("predicted", text(16).pos(center), (beside + side / 2, 50));
        words("true", text(16).transform(upwards.clone()).pos(center), (18, above + side / 2));
        for (i, row) in counts.iter().enumerate() {
            let all = row.iter().sum::<usize>().max(1);
            let middle = i as i32 * cell + cell / 2;
            words(&names[i], text(14).pos(end), (beside - 6, above + middle));
            let turned = text(14).transform(upwards.clone()).pos(start);
            words(&names[i], turned, (beside + middle, above - 6));
            for (j, &count) in row.iter().enumerate() {
                let share = count as f64 / all as f64;
                let (r, g, b) = colorous::BLUES.eval_continuous(share).as_tuple();
                let (left, top) = (beside + j as i32 * cell, above + i as i32 * cell);
                let corners = [(left, top), (left + cell - 1, top + cell - 1)];
                let shade = Rectangle::new(corners, RGBColor(r, g, b).filled());
                page.draw(&shade).expect(MEMORY);
                if count > 0 && counted {
                    let color = if share > 0.5 { WHITE } else { BLACK };
                    let at = (left + cell / 2, top + cell / 2);
                    words(&count.to_string(), text(14).color(&color).pos(center), at);
                }
            }
        }
    })
}
