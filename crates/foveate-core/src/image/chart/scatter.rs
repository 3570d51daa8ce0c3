//! [`scatter`](scatter()): clouds of points.

use image::RgbImage;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{COLORS, MEMORY, Page, page, text};
use crate::image::text::clip;

/// Points of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cloud {
    /// Name of the cloud in the legend.
    pub name: String,
    /// x to the right and y up; those that are not finite are left out.
    pub points: Vec<(f64, f64)>,
}

const SIDE: i32 = 800;
const MARGIN: i32 = 12;

/// Draws the points of all clouds on a page of 800 x 800 pixels, x and y in one scale, without ticks.
///
/// Points lie over one another evenly, whichever cloud comes first. As many as seven clouds have the colors
/// of [`Curves`](super::Curves); more have ten others, then the same ten paler, then begin anew.
pub fn scatter(clouds: &[Cloud], title: &str) -> RgbImage {
    page((SIDE as u32, SIDE as u32), |page| {
        let style = text(20).pos(Pos::new(HPos::Center, VPos::Top));
        page.draw_text(title, &style, (SIDE / 2, 8)).expect(MEMORY);
        let top = draw_legend(page, clouds, 38) + 6;
        let (width, height) = (SIDE - 2 * MARGIN, SIDE - MARGIN - top);
        let corners = [(MARGIN, top), (MARGIN + width, top + height)];
        page.draw(&Rectangle::new(corners, BLACK.mix(0.3))).expect(MEMORY);

        // Beyond, differences overflow.
        let drawable = |&(x, y): &(f64, f64)| x.abs() < 1e100 && y.abs() < 1e100;
        let mut points: Vec<_> = Vec::new();
        for (number, cloud) in clouds.iter().enumerate() {
            let some: Vec<_> = cloud.points.iter().copied().filter(drawable).collect();
            let count = some.len() as f64;
            let turn = |i: usize| (i as f64 + 0.5) / count;
            points.extend(some.into_iter().enumerate().map(|(i, point)| (turn(i), number, point)));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (x, x_span) = extent(points.iter().map(|(.., point)| point.0));
        let (y, y_span) = extent(points.iter().map(|(.., point)| point.1));
        // Pixels to a unit; of a single place, none.
        let inside = |side: i32| f64::from(side - 24);
        let scale = (inside(width) / x_span).min(inside(height) / y_span);
        let scale = if scale.is_finite() { scale } else { 0.0 };
        let (middle_x, middle_y) = (MARGIN + width / 2, top + height / 2);
        for (_, number, point) in points {
            let at_x = middle_x + ((point.0 - x) * scale).round() as i32;
            let at_y = middle_y - ((point.1 - y) * scale).round() as i32;
            let fill = color(number, clouds.len()).mix(0.7).filled();
            // Five by five without the corners.
            for (wide, from, to) in [(1, -2, -1), (2, -1, 2), (1, 2, 3)] {
                let corners = [(at_x - wide, at_y + from), (at_x + wide + 1, at_y + to)];
                page.draw(&Rectangle::new(corners, fill)).expect(MEMORY);
            }
        }
    })
}

/// Draws every cloud's name beside its color, in columns, on the upper half of the page at most;
/// returns where the rows end.
fn draw_legend(page: &Page<'_>, clouds: &[Cloud], mut top: i32) -> i32 {
    let style = text(16).pos(Pos::new(HPos::Left, VPos::Center));
    let names: Vec<String> = clouds.iter().map(|cloud| clip(&cloud.name, 30)).collect();
    let size = |name: &String| page.estimate_text_size(name, &style).map_or(0, |size| size.0);
    let column = 36 + names.iter().map(size).max().unwrap_or(0) as i32;
    let columns = ((SIDE - 2 * MARGIN) / column).max(1) as usize;
    for (row, some) in names.chunks(columns).enumerate() {
        if top > SIDE / 2 {
            break;
        }
        for (i, name) in some.iter().enumerate() {
            let (left, y) = (MARGIN + i as i32 * column, top + 10);
            let square = [(left, y - 5), (left + 10, y + 5)];
            let color = color(row * columns + i, clouds.len());
            page.draw(&Rectangle::new(square, color.filled())).expect(MEMORY);
            page.draw_text(name, &style, (left + 17, y)).expect(MEMORY);
        }
        top += 22;
    }
    top
}

/// Of many clouds, those of d3's and matplotlib's ten categories.
fn color(number: usize, clouds: usize) -> RGBColor {
    if clouds <= COLORS.len() {
        return COLORS[number];
    }
    let (r, g, b) = colorous::CATEGORY10[number % 10].as_tuple();
    let paler = |value: u8| if number / 10 % 2 == 1 { value / 2 + 127 } else { value };
    RGBColor(paler(r), paler(g), paler(b))
}

/// The middle of the values, and how far they reach from end to end.
fn extent(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    if low <= high { (low / 2.0 + high / 2.0, high - low) } else { (0.0, 0.0) }
}
