//! The house: files of at most 400 lines, and no circle of imports: between the files of a crate, nor between the folders of its first level. An import is the use
//! of an item; that a module declares its children or exports their items again is none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module by its path from the crate's root: `["ops", "conv2d"]`; the root's is empty.
type Module = Vec<String>;
/// Which items (of what name) each file takes from which other.
type Imports = BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>>;

struct Source {
    /// Code without comments, strings and its module of tests.
    code: String,
    /// Items that stand in this file.
    items: BTreeSet<String>,
    /// Names that `use` brings in, and what they are paths to; `None` for an import that is not exported again.
    names: Vec<Name>,
}

struct Name {
    name: String,
    path: Vec<String>,
    exported: bool,
}

/// The crate's modules, each one file.
struct Crate(BTreeMap<Module, Source>);

impl Crate {
    fn read(root: &Path) -> Self {
        let mut sources = BTreeMap::new();
        read_folder(root, &mut Vec::new(), &mut sources);
        Self(sources)
    }

    /// The file in which the item stands that `path` names from `module`, and the item's name; none for other crates'
    /// and for modules as such.
    fn definition(
        &self,
        module: &[String],
        path: &[String],
        depth: usize,
    ) -> Option<(Module, String)> {
        let (mut here, rest) = self.start(module, path)?;
        for (place, segment) in rest.iter().enumerate() {
            let child: Module = [here.as_slice(), std::slice::from_ref(segment)].concat();
            if self.0.contains_key(&child) {
                here = child;
                continue;
            }
            let source = self.0.get(&here)?;
            if source.items.contains(segment) {
                return Some((here, segment.clone()));
            }
            if depth == 0 {
                return None;
            }
            let further = |path: &[String]| {
                let path = [path, &rest[place + 1..]].concat();
                self.definition(&here, &path, depth - 1)
            };
            let named = source.names.iter().filter(|name| name.name == *segment);
            return named
                .map(|name| name.path.clone())
                .chain(
                    source
                        .names
                        .iter()
                        .filter(|name| name.name == "*")
                        .map(|name| [name.path.as_slice(), std::slice::from_ref(segment)].concat()),
                )
                .find_map(|path| further(&path));
        }
        None
    }

    /// Where `path` begins, and what is left of it.
    fn start<'p>(&self, module: &[String], path: &'p [String]) -> Option<(Module, &'p [String])> {
        let mut here = module.to_vec();
        match path.first()?.as_str() {
            "crate" => return Some((Vec::new(), &path[1..])),
            "self" => return Some((here, &path[1..])),
            "super" => {}
            first => {
                let source = self.0.get(module)?;
                let child = [module, &[first.to_string()]].concat();
                let known = self.0.contains_key(&child)
                    || source.items.contains(first)
                    || source.names.iter().any(|name| name.name == first && name.path[0] != first);
                return known.then_some((here, path));
            }
        }
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        here.truncate(here.len().checked_sub(ups)?);
        Some((here, &path[ups..]))
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, source) in &self.0 {
            let brought =
                source.names.iter().filter(|name| !name.exported).map(|name| name.path.clone());
            let paths = brought.chain(paths(&source.code));
            for path in paths {
                let Some((file, item)) = self.definition(module, &path, 8) else { continue };
                if file != *module {
                    imports
                        .entry(module.clone())
                        .or_default()
                        .entry(file)
                        .or_default()
                        .insert(item);
                }
            }
        }
        imports
    }
}

fn read_folder(folder: &Path, module: &mut Module, sources: &mut BTreeMap<Module, Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_string();
        let root = stem == "mod" || stem == "lib";
        if !root {
            module.push(stem);
        }
        if path.is_dir() {
            read_folder(&path, module, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.insert(module.clone(), Source::new(&fs::read_to_string(&path).unwrap()));
        }
        if !root {
            module.pop();
        }
    }
}

impl Source {
    fn new(text: &str) -> Self {
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let mut code = String::new();
        let mut items = BTreeSet::new();
        for line in text.lines() {
            let line = line.split("//").next().unwrap();
            items.extend(item(line));
            // A string's contents are no code.
            code.extend(line.split('"').step_by(2));
            code.push('\n');
        }
        let mut names = Vec::new();
        let mut rest = String::new();
        for statement in code.split_inclusive(';') {
            let start = statement
                .rfind("\nuse ")
                .or_else(|| statement.rfind("\npub use "))
                .or_else(|| statement.rfind("\npub(crate) use "));
            let start = start
                .or_else(|| statement.rfind("\npub(super) use "))
                .or_else(|| statement.starts_with("use ").then_some(0));
            let Some(start) = start else {
                rest.push_str(statement);
                continue;
            };
            rest.push_str(&statement[..start]);
            let (visibility, tree) = statement[start..].split_once("use ").unwrap();
            let tree: String =
                tree.trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ");
            expand(&tree, &[], visibility.contains("pub"), &mut names);
        }
        Self { code: rest, items, names }
    }
}

/// The item whose definition begins on `line`.
fn item(line: &str) -> Option<String> {
    let words: Vec<&str> = line
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    if line.starts_with(' ') {
        return None;
    }
    let kinds =
        ["struct", "enum", "trait", "fn", "type", "const", "static", "union", "macro_rules"];
    let kind = words.iter().position(|word| kinds.contains(word))?;
    let before = ["pub", "crate", "super", "in", "unsafe", "const", "async", "extern"];
    if !words[..kind].iter().all(|word| before.contains(word)) {
        return None;
    }
    let name = if words[kind] == "const" && words.get(kind + 1) == Some(&"fn") {
        kind + 2
    } else {
        kind + 1
    };
    words.get(name).map(|name| name.to_string())
}

/// The names of a `use` tree.
fn expand(tree: &str, before: &[String], exported: bool, names: &mut Vec<Name>) {
    let tree = tree.trim();
    if let Some((path, braces)) = tree.split_once('{') {
        let before = [before, &segments(path)].concat();
        let inner = braces.trim_end().strip_suffix('}').unwrap();
        let mut depth = 0;
        let parts = inner.split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        for part in parts.filter(|part| !part.trim().is_empty()) {
            expand(part, &before, exported, names);
        }
        return;
    }
    let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut path = [before, &segments(path)].concat();
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let last = path.last().unwrap().clone();
    if last == "*" {
        path.pop();
    }
    let name = if name.is_empty() { last } else { name.trim().to_string() };
    names.push(Name { name, path, exported });
}

fn segments(path: &str) -> Vec<String> {
    path.split("::")
        .map(str::trim)
        .filter(|segment| !segment.is_empty())
        .map(String::from)
        .collect()
}

/// Paths of two segments and more in `code`.
fn paths(code: &str) -> Vec<Vec<String>> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
        .filter(|word| word.contains("::") && !word.starts_with(':'))
        .map(segments)
        .collect()
}

/// Sets of more than one node of which each reaches each.
fn circles<T: Ord + Clone>(arrows: &BTreeMap<T, BTreeSet<T>>) -> Vec<BTreeSet<T>> {
    let reached: BTreeMap<&T, BTreeSet<&T>> = arrows
        .keys()
        .map(|from| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(node) = next.pop() {
                next.extend(arrows.get(node).into_iter().flatten().filter(|to| seen.insert(*to)));
            }
            (from, seen)
        })
        .collect();
    let circle = |of: &T| -> BTreeSet<T> {
        reached[of]
            .iter()
            .filter(|to| reached.get(*to).is_some_and(|back| back.contains(of)))
            .map(|to| (*to).clone())
            .collect()
    };
    let all: BTreeSet<_> = arrows.keys().map(circle).filter(|circle| circle.len() > 1).collect();
    all.into_iter().collect()
}

#[test]
fn imports_have_no_circle() {
    let mut found = String::new();
    for name in ["core", "kernels", "ndarray", "wgpu"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("crates/foveate-{name}/src"));
        let imports = Crate::read(&root).imports();
        assert!(!imports.is_empty() || name == "wgpu", "{name}: no import was read");
        let files =
            imports.iter().map(|(file, to)| (file.clone(), to.keys().cloned().collect())).collect();
        for circle in circles(&files) {
            found += &format!("\n{name}:\n");
            for (from, to, items) in circle
                .iter()
                .flat_map(|from| imports[from].iter().map(move |(to, items)| (from, to, items)))
            {
                if circle.contains(to) {
                    found +=
                        &format!("    {} takes {items:?} of {}\n", from.join("/"), to.join("/"));
                }
            }
        }
        let folder = |module: &Module| module.first().cloned().unwrap_or_default();
        let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in &imports {
            let to = to.keys().map(folder).filter(|to| *to != folder(from));
            folders.entry(folder(from)).or_default().extend(to);
        }
        for circle in circles(&folders) {
            found += &format!("\n{name}: a circle of the folders {circle:?}\n");
        }
    }
    assert!(found.is_empty(), "circles of imports:{found}");
}

/// Files of the library have at most 400 lines.
#[test]
fn files_are_short() {
    fn visit(folder: &Path, long: &mut Vec<String>, files: &mut usize) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, long, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *files += 1;
                let lines = fs::read_to_string(&path).unwrap().lines().count();
                if lines > 400 {
                    long.push(format!("{}: {lines}", path.display()));
                }
            }
        }
    }
    let (mut long, mut files) = (Vec::new(), 0);
    for name in ["core", "kernels", "ndarray", "wgpu"] {
        let source = format!("crates/foveate-{name}/src");
        visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join(source), &mut long, &mut files);
    }
    assert!(
        files > 200 && long.is_empty(),
        "of {files} files these are too long:\n{}",
        long.join("\n")
    );
}
