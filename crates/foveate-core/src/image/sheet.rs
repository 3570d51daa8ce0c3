//! Sheets: several images with captions and bars on one page, as an image.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::data::digits;
//! use foveate::image::sheet::{Cell, draw};
//!
//! let set = digits(6, 0);
//! let cell = |at: usize| Cell {
//!     bars: vec![("probability".into(), 0.1 * at as f32)],
//!     ..Cell::new(set.image(at), set.labels[at].to_string())
//! };
//! let cells: Vec<Cell> = (0..6).map(cell).collect();
//! let (wide, high) = (draw(&cells, 3), draw(&cells, 2)); // wide.save("sheet.png")
//! assert!(wide.width() > high.width() && wide.height() < high.height());
//! ```

use image::RgbImage;
use plotters::prelude::*;

use super::text::{FONT, clip, register_font};

/// One cell of a sheet: an image with words below it.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The image, drawn at its own size.
    pub image: RgbImage,
    /// One line below the image.
    pub caption: String,
    /// Lines below the caption: a name, and how long its bar is, in `[0, 1]`.
    pub bars: Vec<(String, f32)>,
}

impl Cell {
    /// An image with a caption.
    pub fn new(image: RgbImage, caption: impl Into<String>) -> Self {
        Self { image, caption: caption.into(), bars: Vec::new() }
    }
}

const MARGIN: u32 = 8;
const LINE: u32 = 18;

/// Lays cells out from left to right and top to bottom, `columns` in a row.
///
/// # Panics
///
/// If there is no cell or no column.
pub fn draw(cells: &[Cell], columns: usize) -> RgbImage {
    assert!(!cells.is_empty() && columns > 0, "a sheet has a cell and a column");
    register_font();
    let columns = columns.min(cells.len());
    let rows = cells.len().div_ceil(columns);
    let largest = |side: fn(&Cell) -> u32| cells.iter().map(side).max().unwrap_or(0);
    let cell_width = largest(|cell| cell.image.width()) + MARGIN;
    let lines = 1 + largest(|cell| cell.bars.len() as u32);
    let cell_height = largest(|cell| cell.image.height()) + lines * LINE + MARGIN;
    let (width, height) =
        (columns as u32 * cell_width + MARGIN, rows as u32 * cell_height + MARGIN);

    let mut buffer = vec![255; width as usize * height as usize * 3];
    {
        let page = BitMapBackend::with_buffer(&mut buffer, (width, height)).into_drawing_area();
        for (i, cell) in cells.iter().enumerate() {
            let left = MARGIN + (i % columns) as u32 * cell_width;
            let top = MARGIN + (i / columns) as u32 * cell_height;
            draw_cell(&page, cell, left as i32, top as i32, cell_width - MARGIN);
        }
        page.present().expect("drawing into memory does not fail");
    }
    RgbImage::from_raw(width, height, buffer).expect("the buffer has the page's size")
}

fn draw_cell(
    page: &DrawingArea<BitMapBackend<'_>, plotters::coord::Shift>,
    cell: &Cell,
    left: i32,
    top: i32,
    width: u32,
) {
    let memory = "drawing into memory does not fail";
    let size = cell.image.dimensions();
    let image = BitMapElement::with_owned_buffer((left, top), size, cell.image.to_vec())
        .expect("an RGB image holds three bytes a pixel");
    page.draw(&image).expect(memory);

    let style = (FONT, 13).into_font().color(&BLACK);
    let mut y = top + size.1 as i32 + 3;
    page.draw_text(&clip(&cell.caption, letters(width)), &style, (left, y)).expect(memory);
    for (label, length) in &cell.bars {
        y += LINE as i32;
        let end = left + (width as f32 * length.clamp(0.0, 1.0)) as i32;
        let bar = Rectangle::new(
            [(left, y - 1), (end, y + LINE as i32 - 4)],
            RGBColor(170, 205, 240).filled(),
        );
        page.draw(&bar).expect(memory);
        page.draw_text(&clip(label, letters(width)), &style, (left + 2, y)).expect(memory);
    }
}

/// How many letters fit into `width` pixels.
fn letters(width: u32) -> usize {
    (width / 7) as usize
}
