//! What was measured as a picture: latency in process, calls per second on loopback.

use std::io;

use plotters::{
    coord::Shift,
    prelude::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, Rectangle, SVGBackend, Text},
    style::{
        Color, IntoFont, RGBColor, TextStyle, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};

use crate::measure::Row;

const WIDTH: u32 = 860;
const BAR: i32 = 20;
const STEP: i32 = 28;
const TITLE: i32 = 48;
/// Where bars begin: names are to the left of it.
const LEFT: i32 = 190;
/// What figures take to the right of the longest bar.
const RIGHT: i32 = 90;

const OURS: RGBColor = RGBColor(217, 72, 15);
const PEER: RGBColor = RGBColor(134, 142, 150);
const FLOOR: RGBColor = RGBColor(206, 212, 218);
const INK: RGBColor = RGBColor(73, 80, 87);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failure<'a> =
    DrawingAreaErrorKind<<SVGBackend<'a> as plotters::prelude::DrawingBackend>::ErrorType>;

/// Draws both groups into an SVG.
pub(crate) fn draw(file: &str, inproc: &[Row], ws: &[Row]) -> io::Result<()> {
    if inproc.is_empty() || ws.is_empty() {
        return Err(io::Error::other("a chart takes both inproc and ws"));
    }
    let height = |rows: &[Row]| TITLE + STEP * rows.len() as i32;
    let (upper, lower) = (height(inproc), height(ws));
    let area = SVGBackend::new(file, (WIDTH, (upper + lower + 16) as u32)).into_drawing_area();
    let failed = |error: Failure<'_>| io::Error::other(error.to_string());
    // Read on dark pages, too.
    area.fill(&WHITE).map_err(failed)?;
    let (top, bottom) = area.split_vertically(upper);
    let title = "A call in process: microseconds, less is better";
    bars(&top, title, inproc, |row| row.p50_us, |us| format!("{us:.2}")).map_err(failed)?;
    let title = "64 calls in flight on one connection: thousands per second, more is better";
    let thousands = |row: &Row| row.rate64 / 1000.0;
    bars(&bottom, title, ws, thousands, |rate| format!("{rate:.0} k")).map_err(failed)?;
    area.present().map_err(failed)
}

fn bars<'a>(
    area: &Area<'a>,
    title: &str,
    rows: &[Row],
    value: impl Fn(&Row) -> f64,
    figure: impl Fn(f64) -> String,
) -> Result<(), Failure<'a>> {
    let text = |size: i32, align| {
        let font = ("sans-serif", size).into_font();
        TextStyle::from(font).color(&INK).pos(Pos::new(align, VPos::Center))
    };
    area.draw(&Text::new(title, (12, TITLE / 2), text(16, HPos::Left)))?;
    let longest = rows.iter().map(&value).fold(f64::MIN, f64::max);
    let room = f64::from(WIDTH as i32 - LEFT - RIGHT);
    for (row, at) in rows.iter().zip(0..) {
        let (top, value) = (TITLE + at * STEP, value(row));
        let end = LEFT + (value / longest * room).round() as i32;
        let colour = match row {
            row if row.name.starts_with("magicbutton") => OURS,
            row if row.is_peer => PEER,
            _ => FLOOR,
        };
        area.draw(&Rectangle::new([(LEFT, top), (end, top + BAR)], colour.filled()))?;
        let middle = top + BAR / 2;
        area.draw(&Text::new(row.name, (LEFT - 8, middle), text(13, HPos::Right)))?;
        area.draw(&Text::new(figure(value), (end + 6, middle), text(13, HPos::Left)))?;
    }
    Ok(())
}
