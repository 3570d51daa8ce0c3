//! Charts: what is drawn where.

use foveate::image::RgbImage;
use foveate::image::chart::{Curves, Series, confusion_matrix};

fn curves(points: &[(f64, f64)]) -> Curves {
    let series = Series { name: "one".into(), points: points.to_vec(), ..Series::default() };
    let (title, x_label, y_label) = ("title".into(), "x".into(), "y".into());
    Curves { title, x_label, y_label, series: vec![series], ..Curves::default() }
}

const BLUE: [u8; 3] = [0, 114, 178];
const VERMILION: [u8; 3] = [213, 94, 0];

/// Pixels of a color below the legend: their number, and their middle.
fn drawn(image: &RgbImage, color: [u8; 3]) -> (usize, f64, f64) {
    let pixels = image.enumerate_pixels().filter(|(_, y, pixel)| *y > 62 && pixel.0 == color);
    let (n, x, y) = pixels.fold((0, 0.0, 0.0), |(n, sx, sy), (x, y, _)| {
        (n + 1, sx + f64::from(x), sy + f64::from(y))
    });
    (n, x / n as f64, y / n as f64)
}

/// The middle point of five on a line is the middle of the plot, on a linear axis and on a
/// logarithmic one, and so is a single point.
#[test]
fn points_lie_where_they_belong() {
    let line: Vec<_> = (0..5).map(|i| (f64::from(i), f64::from(i))).collect();
    let logarithmic: Vec<_> = (0..5).map(|i| (10_f64.powi(i), f64::from(i))).collect();
    let (_, x, y) = drawn(&curves(&line).draw(), BLUE);
    let (_, x_log, y_log) = drawn(&Curves { log_x: true, ..curves(&logarithmic) }.draw(), BLUE);
    let (count, x_one, y_one) = drawn(&curves(&[(3.0, 3.0)]).draw(), BLUE);
    assert!((50..150).contains(&count), "one marker of {count} pixels");
    for (a, b) in [(x, x_log), (y, y_log), (x, x_one), (y, y_one)] {
        assert!((a - b).abs() < 2.0, "{a} and {b}");
    }
    // On a linear axis, the latter rise to three quarters at once.
    assert!(drawn(&curves(&logarithmic).draw(), BLUE).2 < y - 50.0);
}

/// plotters' thick paths have spikes where they turn back at a sharp angle.
#[test]
fn dense_curves_stay_within_their_plot() {
    let rows = |points: &[(f64, f64)]| {
        let image = curves(points).draw();
        let pixels = image.enumerate_pixels().filter(|(_, y, pixel)| *y > 62 && pixel.0 == BLUE);
        pixels.fold((u32::MAX, 0), |(top, bottom), (_, y, _)| (top.min(y), bottom.max(y)))
    };
    let dense: Vec<_> = (0..2000).map(|i| (f64::from(i), f64::from(i * i % 7 % 2))).collect();
    assert_eq!(rows(&dense), rows(&[(0.0, 0.0), (1.0, 1.0)]));
}

#[test]
fn a_gap_has_no_line_and_axes_are_their_own() {
    let whole: Vec<_> = (0..5).map(|i| (f64::from(i), 1.0)).collect();
    let mut broken = whole.clone();
    broken[2].1 = f64::NAN;
    let (whole_count, broken_count) =
        (drawn(&curves(&whole).draw(), BLUE).0, drawn(&curves(&broken).draw(), BLUE).0);
    assert!(broken_count < whole_count * 2 / 3, "{broken_count} of {whole_count}");

    // Of two series on either axis, each fills the height of the plot.
    let mut two = curves(&[(0.0, 0.0), (1.0, 1.0)]);
    let points = vec![(0.0, 0.0), (1.0, 1e6)];
    two.series.push(Series { points, ..Series::default() });
    let low = drawn(&two.draw(), BLUE).2;
    two.series[1].right = true;
    let own = drawn(&two.draw(), VERMILION).2;
    assert!(low > own + 100.0, "{low} {own}");

    let mut errors = curves(&whole);
    errors.series[0].errors = vec![0.1; 5];
    assert!(drawn(&errors.draw(), BLUE).0 > whole_count + 5 * 100);
}

#[test]
fn the_same_curves_are_the_same_image() {
    let points = [(0.001, 0.3), (1.0, 0.5), (10.0, 0.4)];
    let chart = Curves { log_x: true, ..curves(&points) };
    assert_eq!(chart.draw(), chart.draw());
    assert_ne!(chart.draw(), curves(&points).draw());
    assert_eq!(chart.draw().dimensions(), (800, 500));
}

#[test]
fn odd_numbers_are_drawn_or_left_out() {
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    for points in [
        &[][..],
        &[(nan, 1.0), (1.0, infinity)],
        &[(0.0, 0.0)],
        &[(-5.0, 1.0), (0.0, 2.0), (5.0, 3.0)],
        &[(1.0, 1.0), (1.0, 1.0 + f64::EPSILON), (1.0 + f64::EPSILON, 1.0)],
        &[(1e-300, 1e-300), (1e99, -1e99), (f64::MAX, f64::MIN)],
        &[(f64::MIN_POSITIVE, 5e-324), (1.0, 0.0)],
    ] {
        for log_x in [false, true] {
            for right in [false, true] {
                let mut chart = Curves { log_x, ..curves(points) };
                chart.series[0].right = right;
                chart.series[0].errors = vec![nan, 0.5, infinity, -1.0];
                chart.draw();
            }
        }
    }
    let nothing = Curves::default().draw();
    assert_eq!(drawn(&nothing, BLUE).0, 0);
    let many =
        (0..600).map(|i| Series { name: format!("series {i}"), ..Series::default() }).collect();
    Curves { series: many, ..Curves::default() }.draw();
}

#[test]
fn matrices_are_dark_where_the_shares_are() {
    let names = ["cat".to_string(), "dog".to_string()];
    let right = confusion_matrix(&[vec![9, 0], vec![0, 4]], &names, "right");
    let wrong = confusion_matrix(&[vec![0, 9], vec![4, 0]], &names, "wrong");
    assert_eq!(right.dimensions(), wrong.dimensions());
    assert_ne!(right, wrong);
    let dark = |image: &RgbImage| -> Vec<_> {
        let dark = image.enumerate_pixels().filter(|(.., pixel)| pixel.0 == [8, 48, 107]);
        dark.map(|(x, y, _)| (x, y)).collect()
    };
    // Down to the right, and down to the left.
    let slope = |pixels: &[(u32, u32)]| {
        let n = pixels.len() as f64;
        let mean = |value: fn(&(u32, u32)) -> u32| {
            pixels.iter().map(|pixel| f64::from(value(pixel))).sum::<f64>() / n
        };
        let (x, y) = (mean(|pixel| pixel.0), mean(|pixel| pixel.1));
        pixels.iter().map(|&(a, b)| (f64::from(a) - x) * (f64::from(b) - y)).sum::<f64>() / n
    };
    assert!(dark(&right).len() > 1000);
    assert!(slope(&dark(&right)) > 100.0 && slope(&dark(&wrong)) < -100.0);

    confusion_matrix(&[], &[], "");
    confusion_matrix(&[vec![0]], &["a name that is longer than twenty letters".into()], "none");
    confusion_matrix(&[vec![usize::MAX / 2, 1], vec![0, 0]], &names, "large");
}
