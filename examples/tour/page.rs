//! The page that the tour writes: one file, with its images inside.

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use foveate::image::RgbImage;
use image::ImageFormat;

use crate::common::Common;

/// Chapters, one behind the other.
#[derive(Default)]
pub struct Page {
    contents: String,
    chapters: String,
    count: usize,
    seconds: f64,
}

/// What a chapter shows.
#[derive(Default)]
pub struct Chapter {
    body: String,
}

/// An image of several side by side.
pub struct Figure {
    pub image: RgbImage,
    pub alt: String,
    pub caption: String,
}

impl Chapter {
    /// A paragraph.
    pub fn text(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text.as_ref()));
    }

    /// Images side by side where there is room, each with what it shows.
    pub fn row(&mut self, figures: &[Figure]) -> anyhow::Result<()> {
        self.body += "<div class=\"row\">\n";
        for Figure { image, alt, caption } in figures {
            self.figure(image, alt, caption)?;
        }
        self.body += "</div>\n";
        Ok(())
    }

    /// An image, what is to be seen on it in few words (for those who do not see it), and what it shows.
    pub fn figure(&mut self, image: &RgbImage, alt: &str, caption: &str) -> anyhow::Result<()> {
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png)?;
        let data = STANDARD.encode(png.into_inner());
        let [alt, caption] = [alt, caption].map(escape);
        let (width, height) = image.dimensions();
        let _ = writeln!(
            self.body,
            "<figure><img src=\"data:image/png;base64,{data}\" width=\"{width}\" height=\"{height}\" \
             alt=\"{alt}\"><figcaption>{caption}</figcaption></figure>"
        );
        Ok(())
    }

    /// Rows of a name and numbers below a head.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let head: String =
            head.iter().map(|name| format!("<th scope=\"col\">{}</th>", escape(name))).collect();
        let _ = writeln!(self.body, "<table>\n<tr>{head}</tr>");
        for row in rows {
            let (name, numbers) = row.split_first().expect("a row has a name");
            let numbers: String =
                numbers.iter().map(|number| format!("<td>{}</td>", escape(number))).collect();
            let _ =
                writeln!(self.body, "<tr><th scope=\"row\">{}</th>{numbers}</tr>", escape(name));
        }
        self.body += "</table>\n";
    }
}

impl Page {
    /// Adds a chapter: what `build` shows, the time that it took, and a command that does more of it.
    pub fn chapter(
        &mut self,
        title: &str,
        command: &str,
        build: impl FnOnce(&mut Chapter) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.count += 1;
        println!("\n{}. {title}", self.count);
        let (clock, mut chapter) = (Instant::now(), Chapter::default());
        build(&mut chapter).with_context(|| title.to_string())?;
        let seconds = clock.elapsed().as_secs_f64();
        self.seconds += seconds;
        println!("   {seconds:.1} s");
        let (count, title) = (self.count, escape(title));
        let _ = writeln!(self.contents, "<li><a href=\"#part-{count}\">{title}</a></li>");
        let _ = writeln!(
            self.chapters,
            "<section id=\"part-{count}\">\n<h2>{count}. {title}</h2>\n{}<p class=\"run\">{seconds:.1} s \
             here. More of this: <code>{}</code></p>\n</section>",
            chapter.body,
            escape(command)
        );
        Ok(())
    }

    /// Writes tour.html into the folder, and gives its path.
    pub fn save(&self, common: &Common) -> anyhow::Result<PathBuf> {
        let Self { contents, chapters, seconds, .. } = self;
        let page = include_str!("page.html")
            .replace("{contents}", contents)
            .replace("{device}", &escape(&common.description()?))
            .replace("{seconds}", &format!("{seconds:.0}"))
            .replace("{chapters}", chapters);
        let [file, unfinished] = ["tour.html", "tour.html.part"].map(|name| common.out.join(name));
        fs::write(&unfinished, page).with_context(|| unfinished.display().to_string())?;
        fs::rename(&unfinished, &file).with_context(|| file.display().to_string())?;
        Ok(fs::canonicalize(file)?)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
