//! Downloads from a server on the loopback interface that misbehaves in the ways servers do.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use super::*;

const CONTENT: &[u8] = &[7; 300_000];

/// What the server does with one connection.
#[derive(Clone, Copy)]
enum Answer {
    /// The whole file.
    Whole,
    /// The first bytes, then the connection closes.
    Cut(usize),
    /// The rest from the byte asked for.
    Rest,
    /// The rest, cut after so many bytes.
    RestCut(usize),
    /// A status without a file.
    Status(u16),
    /// Headers and a few bytes, then silence.
    Silence,
    /// A byte now and then.
    Dribble,
}

/// Serves one answer to each connection, the last to all further ones; returns the address.
fn serve(answers: &'static [Answer]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/weights.pth", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (i, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let answer = answers[i.min(answers.len() - 1)];
            thread::spawn(move || {
                let mut start = 0;
                for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                    let line = line.unwrap_or_default().to_lowercase();
                    if let Some(range) = line.strip_prefix("range: bytes=") {
                        start = range.trim_end_matches('-').parse().unwrap();
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                let mut send = |status: &str, length: usize, bytes: &[u8]| {
                    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
                    let _ =
                        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(bytes));
                };
                let rest = &CONTENT[start..];
                match answer {
                    Answer::Whole => send("200 OK", CONTENT.len(), CONTENT),
                    Answer::Cut(n) => send("200 OK", CONTENT.len(), &CONTENT[..n]),
                    Answer::Rest => send("206 Partial Content", rest.len(), rest),
                    Answer::RestCut(n) => send("206 Partial Content", rest.len(), &rest[..n]),
                    Answer::Status(status) => send(&format!("{status} No"), 0, &[]),
                    Answer::Silence => {
                        send("200 OK", CONTENT.len(), &CONTENT[..10]);
                        thread::sleep(Duration::from_secs(5));
                    }
                    Answer::Dribble => {
                        send("200 OK", CONTENT.len(), &[]);
                        while stream.write_all(&[7]).is_ok() {
                            thread::sleep(Duration::from_millis(20));
                        }
                    }
                }
            });
        }
    });
    address
}

fn sha256() -> String {
    Sha256::digest(CONTENT).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn impatient() -> Downloader {
    Downloader { patience: Duration::from_millis(300), attempts: 3 }
}

/// A folder, the target in it (two folders down, none of which exists), and what the fetch gave.
fn fetch(
    answers: &'static [Answer],
    sha256: &str,
) -> (tempfile::TempDir, PathBuf, Result<(), DownloadError>) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("weights/torchvision/weights.pth");
    let result = impatient().fetch(&serve(answers), &target, sha256);
    (folder, target, result)
}

/// Runs a fetch that must fail: no file is left, and the error is returned.
fn fails(answers: &'static [Answer], sha256: &str) -> DownloadError {
    let (_folder, target, result) = fetch(answers, sha256);
    let left = fs::read_dir(target.parent().unwrap()).unwrap().count();
    assert_eq!(left, 0, "nothing is left behind");
    result.unwrap_err()
}

#[test]
fn whole_file_arrives_under_its_name_alone() {
    let (_folder, target, result) = fetch(&[Answer::Whole], &sha256()[..8]);
    result.unwrap();
    assert_eq!(fs::read(&target).unwrap(), CONTENT);
    assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn broken_download_goes_on_where_it_stopped() {
    let answers = &[Answer::Cut(100_000), Answer::RestCut(50_000), Answer::Rest];
    let (_folder, target, result) = fetch(answers, &sha256());
    result.unwrap();
    assert_eq!(fs::read(&target).unwrap(), CONTENT);
}

#[test]
fn server_without_ranges_starts_over() {
    let (_folder, target, result) = fetch(&[Answer::Cut(100_000), Answer::Whole], &sha256());
    result.unwrap();
    assert_eq!(fs::read(&target).unwrap(), CONTENT);
}

#[test]
fn connection_that_always_breaks_is_given_up() {
    let error = fails(&[Answer::Cut(1000)], &sha256());
    assert!(
        matches!(error, DownloadError::Connection { received: 1000, attempts: 3, .. }),
        "{error}"
    );
}

#[test]
fn missing_file_is_not_asked_for_again() {
    let error = fails(&[Answer::Status(404), Answer::Whole], &sha256());
    assert!(matches!(error, DownloadError::Status { status: 404, .. }), "{error}");
}

#[test]
fn server_error_is_asked_again_and_given_up() {
    let error = fails(&[Answer::Status(500)], &sha256());
    assert!(error.to_string().contains("500"), "{error}");
    let (_folder, _target, result) = fetch(&[Answer::Status(503), Answer::Whole], &sha256());
    result.unwrap();
}

#[test]
fn silent_server_is_given_up() {
    let error = fails(&[Answer::Silence], &sha256());
    assert!(matches!(error, DownloadError::Connection { .. }), "{error}");
}

#[test]
fn dribbling_server_is_given_up() {
    let error = fails(&[Answer::Dribble], &sha256());
    assert!(matches!(error, DownloadError::Connection { .. }), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn read_only_folder() {
    // Nobody can make a folder in /proc, not even root.
    let target = Path::new("/proc/foveate/weights.pth");
    let error = impatient().fetch(&serve(&[Answer::Whole]), target, "").unwrap_err();
    assert!(error.to_string().contains("/proc/foveate"), "{error}");
}

#[test]
#[cfg(unix)]
fn what_killed_processes_left_is_removed_and_files_can_be_shared() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("w.pth.part-old"), folder.path().join("w.pth.part-new"));
    fs::write(&new, "").unwrap();
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    fs::File::create(&old).unwrap().set_modified(std::time::SystemTime::now() - week).unwrap();
    let target = folder.path().join("w.pth");
    impatient().fetch(&serve(&[Answer::Whole]), &target, &sha256()).unwrap();
    assert!(!old.exists() && new.exists());
    let ordinary = fs::metadata(&new).unwrap().permissions().mode();
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode(), ordinary);
}

#[test]
fn no_server() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}/weights.pth");
    let error = impatient().fetch(&url, &folder.path().join("weights.pth"), "").unwrap_err();
    assert!(error.to_string().contains(&url), "{error}");
}

#[test]
fn wrong_checksum() {
    let error = fails(&[Answer::Whole], "0000abcd");
    let text = error.to_string();
    assert!(text.contains("0000abcd") && text.contains(&sha256()), "{text}");
}

/// MNIST's, of what a file unpacks to: checked before it gets its name.
#[test]
fn checksum_of_the_content() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("digits.gz");
    let url = serve(&[Answer::Whole]);
    let fetch =
        |found: &str| impatient().fetch_checked(&url, &target, "0123", |_| Ok(found.into()));
    assert!(matches!(fetch("broken gzip"), Err(DownloadError::Checksum { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fetch("0123").unwrap();
    assert_eq!(fs::read(&target).unwrap(), CONTENT);
}

#[test]
fn folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file, no folder");
    fs::write(&file, "").unwrap();
    let error =
        impatient().fetch(&serve(&[Answer::Whole]), &file.join("weights.pth"), "").unwrap_err();
    assert!(matches!(error, DownloadError::Write { .. }), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn full_disk() {
    // /dev/full opens, and answers every write as a full disk does.
    let mut file = fs::OpenOptions::new().read(true).write(true).open("/dev/full").unwrap();
    let result = impatient().attempt(
        &serve(&[Answer::Whole]),
        &mut file,
        &ProgressBar::hidden(),
        Path::new("cache"),
    );
    let Err(Broken::For(error)) = result else { panic!("writing to a full disk succeeded") };
    assert!(matches!(error, DownloadError::Write { .. }), "{error}");
}

#[test]
fn two_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("weights.pth");
    let url = serve(&[Answer::Whole]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| impatient().fetch(&url, &target, &sha256()).unwrap());
        }
    });
    assert_eq!(fs::read(&target).unwrap(), CONTENT);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
