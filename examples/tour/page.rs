//! The page that the tour writes: one file, with its pictures inside.

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use foveate::image::RgbImage;
use image::ImageFormat;

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

impl Chapter {
    /// A paragraph.
    pub fn text(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text.as_ref()));
    }

    /// Pictures side by side where there is room, each with what it shows.
    pub fn row(&mut self, figures: &[(RgbImage, String)]) -> anyhow::Result<()> {
        self.body += "<div class=\"row\">\n";
        for (picture, caption) in figures {
            self.figure(picture, caption)?;
        }
        self.body += "</div>\n";
        Ok(())
    }

    /// A picture with what it shows.
    pub fn figure(&mut self, picture: &RgbImage, caption: impl AsRef<str>) -> anyhow::Result<()> {
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png)?;
        let data = STANDARD.encode(png.into_inner());
        let caption = escape(caption.as_ref());
        let (width, height) = picture.dimensions();
        let _ = writeln!(
            self.body,
            "<figure><img src=\"data:image/png;base64,{data}\" width=\"{width}\" height=\"{height}\" alt=\"{caption}\">\
             <figcaption>{caption}</figcaption></figure>"
        );
        Ok(())
    }

    /// Rows of words and numbers; the first is the head.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        self.body += "<table>\n";
        for (i, row) in rows.iter().enumerate() {
            let kind = if i == 0 { "th" } else { "td" };
            let cells: String =
                row.iter().map(|cell| format!("<{kind}>{}</{kind}>", escape(cell))).collect();
            let _ = writeln!(self.body, "<tr>{cells}</tr>");
        }
        self.body += "</table>\n";
    }
}

impl Page {
    /// Adds a chapter: what `build` shows, the time that it took, and the command that does it in full.
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
            "<section id=\"part-{count}\">\n<h2>{count}. {title}</h2>\n{}<p class=\"run\">{seconds:.1} s here. In full: \
             <code>{}</code></p>\n</section>",
            chapter.body,
            escape(command)
        );
        Ok(())
    }

    /// Writes index.html into the folder, and tells its path.
    pub fn save(&self, folder: &Path, device: &str) -> anyhow::Result<PathBuf> {
        let Self { contents, chapters, seconds, .. } = self;
        let page = include_str!("page.html")
            .replace("{contents}", contents)
            .replace("{device}", &escape(device))
            .replace("{seconds}", &format!("{seconds:.0}"))
            .replace("{chapters}", chapters);
        let (file, unfinished) = (folder.join("index.html"), folder.join("index.html.part"));
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::write(&unfinished, page).with_context(|| unfinished.display().to_string())?;
        fs::rename(&unfinished, &file).with_context(|| file.display().to_string())?;
        Ok(fs::canonicalize(file)?)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
