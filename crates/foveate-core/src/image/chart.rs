//! Charts: curves with markers ([`Curves`]), matrices of counts ([`confusion_matrix`](confusion_matrix())), and clouds of
//! points ([`scatter`](scatter())), as images.
//!
//! No window and no font of the machine is needed: the same chart is the same bytes everywhere. Colors are
//! those of Masataka Okabe and Kei Ito, *Color Universal Design*, 2008, <https://jfly.uni-koeln.de/color/>.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::image::chart::{Cloud, Curves, Series, confusion_matrix, scatter};
//!
//! let loss = Series {
//!     name: "loss".into(),
//!     points: vec![(1.0, 0.9), (2.0, 0.5), (3.0, 0.4)],
//!     ..Default::default()
//! };
//! let curves = Curves { x_label: "epoch".into(), series: vec![loss], ..Default::default() };
//! assert_eq!(curves.draw().dimensions(), (800, 500)); // curves.draw().save("loss.png")
//! assert_eq!(curves.draw(), curves.draw());
//!
//! let names = ["cat".to_string(), "dog".to_string()];
//! let taken_for = confusion_matrix(&[vec![9, 1], vec![2, 8]], &names, "images"); // a row a true class
//! let cloud = Cloud { name: "cats".into(), points: vec![(0.0, 1.0), (1.0, 0.0)] };
//! assert_eq!(scatter(&[cloud], "features").dimensions(), (800, 800));
//! # assert!(taken_for.width() > 0);
//! ```

mod confusion_matrix;
mod scatter;

use image::RgbImage;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

use super::text::{FONT, register_font};

pub use confusion_matrix::confusion_matrix;
pub use scatter::{Cloud, scatter};

/// One curve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Name of the series in the legend.
    pub name: String,
    /// x and y, joined in their order; the line breaks where one is not finite.
    pub points: Vec<(f64, f64)>,
    /// Half the height of every point's error bar; none where there is no such number.
    pub errors: Vec<f64>,
    /// Whether y belongs to the axis on the right.
    pub right: bool,
}

/// Curves over one x axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Words above all.
    pub title: String,
    /// Words below the x axis.
    pub x_label: String,
    /// Words beside the y axis.
    pub y_label: String,
    /// Words beside the y axis on the right, which is there if a series belongs to it.
    pub right_label: String,
    /// Whether x is drawn by its logarithm; points at 0 and below are left out.
    pub log_x: bool,
    /// The curves.
    pub series: Vec<Series>,
}

const SIZE: (u32, u32) = (800, 500);
const MEMORY: &str = "drawing into memory does not fail";

/// Told apart by the color-blind too: Okabe and Ito, "Color universal design", 2008,
/// <https://jfly.uni-koeln.de/color/>. After the seventh they begin anew with another marker.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Markers of a curve, at most: more would hide it.
const MARKERS: usize = 120;

type Page<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

impl Curves {
    /// Draws them on a page of 800 x 500 pixels.
    pub fn draw(&self) -> RgbImage {
        page(SIZE, |page| {
            let style = text(20).pos(Pos::new(HPos::Center, VPos::Top));
            page.draw_text(&self.title, &style, (SIZE.0 as i32 / 2, 8)).expect(MEMORY);
            let top = self.draw_legend(page, 36);
            self.draw_curves(page, top);
        })
    }

    /// Draws every series' name beside its marker, as many in a row as fit, on the upper half of the
    /// page at most; returns where the rows end.
    fn draw_legend(&self, page: &Page<'_>, top: i32) -> i32 {
        let style = text(14).pos(Pos::new(HPos::Left, VPos::Center));
        let (mut left, mut top) = (60, top);
        for (number, series) in self.series.iter().enumerate() {
            if top > SIZE.1 as i32 / 2 {
                break;
            }
            let side = if series.right { " (right)" } else { "" };
            let name = format!("{}{side}", series.name);
            let width = 34 + page.estimate_text_size(&name, &style).map_or(0, |size| size.0 as i32);
            if left > 60 && left + width > SIZE.0 as i32 - 16 {
                (left, top) = (60, top + 20);
            }
            let y = top + 9;
            let line = PathElement::new([(left, y), (left + 26, y)], stroke(number));
            page.draw(&line).expect(MEMORY);
            page.draw(&marker(number, (left + 13, y))).expect(MEMORY);
            page.draw_text(&name, &style, (left + 32, y)).expect(MEMORY);
            left += width + 18;
        }
        top + 26
    }

    fn draw_curves(&self, page: &Page<'_>, top: i32) {
        let all = || self.series.iter().flat_map(|series| self.runs(series).into_iter().flatten());
        let side = |right: bool| {
            let series = self.series.iter().filter(move |series| series.right == right);
            let runs = series.flat_map(|series| self.runs(series)).flatten();
            range(runs.flat_map(|(_, y, error)| [y - error, y + error]))
        };
        let (x, left, right) = (range(all().map(|(x, ..)| x)), side(false), side(true));
        let ticks = if self.log_x {
            log_ticks(all().map(|(x, ..)| x).collect(), x.end - x.start)
        } else {
            RangedCoordf64::from(x.clone()).key_points(9)
        };
        let has_right = self.series.iter().any(|series| series.right);
        let mut chart = ChartBuilder::on(&page.margin(top, 8, 8, 8))
            .x_label_area_size(42)
            .y_label_area_size(64)
            .right_y_label_area_size(if has_right { 64 } else { 12 })
            .build_cartesian_2d(Ticks { axis: x.clone().into(), at: ticks }, left.clone())
            .expect(MEMORY)
            .set_secondary_coord(x.clone(), right.clone());
        let x_name = |&at: &f64| match self.log_x {
            true => number(10_f64.powf(at), 0.0),
            false => number(at, x.end - x.start),
        };
        chart
            .configure_mesh()
            .x_desc(&self.x_label)
            .y_desc(&self.y_label)
            .axis_desc_style(text(16))
            .label_style(text(13))
            .x_label_formatter(&x_name)
            .y_label_formatter(&|&y| number(y, left.end - left.start))
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .draw()
            .expect(MEMORY);
        if has_right {
            chart
                .configure_secondary_axes()
                .y_desc(&self.right_label)
                .axis_desc_style(text(16))
                .label_style(text(13))
                .y_label_formatter(&|&y: &f64| number(y, right.end - right.start))
                .draw()
                .expect(MEMORY);
        }
        for (number, series) in self.series.iter().enumerate() {
            for run in self.runs(series) {
                // Places on the page, whatever axis they are of.
                let place = |x: f64, y: f64| match series.right {
                    false => chart.plotting_area().map_coordinate(&(x, y)),
                    true => chart.borrow_secondary().plotting_area().map_coordinate(&(x, y)),
                };
                draw_run(page, number, &run, place);
            }
        }
    }

    /// The points that can be drawn with their errors, in pieces without a gap; x is the logarithm, if
    /// that is wanted.
    fn runs(&self, series: &Series) -> Vec<Vec<(f64, f64, f64)>> {
        // Beyond, differences overflow.
        let drawable = |value: f64| value.abs() < 1e100;
        let points = series.points.iter().enumerate().map(|(i, &(x, y))| {
            let error = series.errors.get(i).copied().filter(|&error| drawable(error));
            let x = if self.log_x { x.log10() } else { x };
            (x, y, error.unwrap_or(0.0).abs())
        });
        let points: Vec<_> = points.collect();
        let runs = points.split(|&(x, y, _)| !(drawable(x) && drawable(y)));
        runs.filter(|run| !run.is_empty()).map(<[_]>::to_vec).collect()
    }
}

fn page((width, height): (u32, u32), draw: impl FnOnce(&Page<'_>)) -> RgbImage {
    register_font();
    let mut buffer = vec![255; width as usize * height as usize * 3];
    {
        let page = BitMapBackend::with_buffer(&mut buffer, (width, height)).into_drawing_area();
        draw(&page);
        page.present().expect(MEMORY);
    }
    RgbImage::from_raw(width, height, buffer).expect("the buffer has the page's size")
}

fn text(size: i32) -> TextStyle<'static> {
    (FONT, size).into_font().color(&BLACK)
}

fn stroke(number: usize) -> ShapeStyle {
    COLORS[number % COLORS.len()].stroke_width(2)
}

/// Draws points in their order, with their errors and some markers.
fn draw_run(
    page: &Page<'_>,
    number: usize,
    run: &[(f64, f64, f64)],
    place: impl Fn(f64, f64) -> (i32, i32),
) {
    let line: Vec<_> = run.iter().map(|&(x, y, _)| place(x, y)).collect();
    let every = run.len().div_ceil(MARKERS);
    for (i, (&(x, y, error), &point)) in run.iter().zip(&line).enumerate() {
        if error > 0.0 {
            let ends = [place(x, y - error), place(x, y + error)];
            draw_path(page, ends.to_vec(), number);
            for (x, y) in ends {
                draw_path(page, vec![(x - 4, y), (x + 4, y)], number);
            }
        }
        if i % every == 0 {
            page.draw(&marker(number, point)).expect(MEMORY);
        }
    }
    // One by one: plotters joins the pieces of a path by spikes where they turn back.
    for piece in line.windows(2) {
        draw_path(page, piece.to_vec(), number);
    }
}

fn draw_path(page: &Page<'_>, path: Vec<(i32, i32)>, number: usize) {
    page.draw(&PathElement::new(path, stroke(number))).expect(MEMORY);
}

/// A shape for every number: of the same color are only such of another shape.
fn marker(number: usize, (x, y): (i32, i32)) -> Polygon<(i32, i32)> {
    let corners: &[(i32, i32)] = match number % 4 {
        0 => &[(-2, -5), (2, -5), (5, -2), (5, 2), (2, 5), (-2, 5), (-5, 2), (-5, -2)],
        1 => &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
        2 => &[(0, -6), (5, 4), (-5, 4)],
        _ => &[(0, -6), (6, 0), (0, 6), (-6, 0)],
    };
    let corners: Vec<_> = corners.iter().map(|(right, down)| (x + right, y + down)).collect();
    Polygon::new(corners, COLORS[number % COLORS.len()].filled())
}

/// From the least to the largest with a little room; 0 to 1 if there is nothing.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return 0.0..1.0;
    }
    // Steps finer than that would vanish beside the values.
    let (span, most) = (high - low, low.abs().max(high.abs()));
    let room = match span > 1e-9 * most {
        true => 0.05 * span,
        false if most > 0.0 => 0.1 * most,
        false => 1.0,
    };
    low - room..high + room
}

/// An axis with its ticks at given places.
struct Ticks {
    axis: RangedCoordf64,
    at: Vec<f64>,
}

impl Ranged for Ticks {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.axis.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.at.clone()
    }

    fn range(&self) -> Range<f64> {
        self.axis.range()
    }
}

/// The logarithms of the x there are, less those too close to the one before; whole powers of ten, if
/// there are many.
fn log_ticks(mut logs: Vec<f64>, span: f64) -> Vec<f64> {
    logs.sort_by(f64::total_cmp);
    let close = 0.04 * span;
    logs.dedup_by(|next, kept| *next - *kept < close);
    if logs.len() <= 12 {
        return logs;
    }
    let step = (span / 12.0).ceil().max(1.0) as usize;
    let (low, high) = (logs[0].floor() as i64, logs[logs.len() - 1].ceil() as i64);
    (low..=high).step_by(step).map(|power| power as f64).collect()
}

/// A number with no more digits than it needs, on an axis of this length.
fn number(value: f64, span: f64) -> String {
    // Ticks are found by adding steps.
    let value = if value.abs() < 1e-9 * span { 0.0 } else { value };
    if value != 0.0 && !(1e-4..1e6).contains(&value.abs()) {
        return format!("{value:.1e}");
    }
    format!("{}", (value * 1e6).round() / 1e6)
}
