//! Where in a file the tensors of a network are: training programs keep them under a key (`state_dict`), and
//! wrappers put a prefix before their names (`module.`).

use std::collections::{BTreeMap, BTreeSet};

/// What training programs call a network's weights, beside which an optimizer's may stand.
const KEYS: [&str; 6] = ["state_dict", "model_state_dict", "model", "net", "weights", "ema"];

/// Where in a file a network's tensors are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What stands before the names, with its dots: `state_dict.module.`, or nothing.
    pub prefix: String,
    /// The part of it that is a dictionary's key, with its dot; what is beside that dictionary does not matter.
    key: String,
    /// Dictionaries beside the tensors that hold none of the network.
    beside: Vec<String>,
    /// What is taken off the names: the prefix if all share it, else the key alone.
    taken: String,
}

impl Place {
    /// The place of the network's tensors, which it calls `wanted`, among the names in a file, of which some begin
    /// with the `keys` of dictionaries.
    ///
    /// # Errors
    ///
    /// Two places, where the network is in the file more than once.
    pub fn of(
        names: &[&str],
        keys: &[String],
        wanted: &BTreeSet<String>,
    ) -> Result<Self, [String; 2]> {
        let keys: Vec<String> = keys.iter().map(|key| format!("{key}.")).collect();
        let key_of = |name: &str| keys.iter().find(|key| name.starts_with(*key)).cloned();
        let found = prefix(names, wanted)?;
        let known = || KEYS.iter().map(|key| format!("{key}.")).find(|key| keys.contains(key));
        let key = match &found {
            Some(prefix) => key_of(prefix),
            None => known(),
        };
        let key = key.unwrap_or_default();
        let mut beside = keys.clone();
        beside
            .retain(|other| found.is_some() && !wanted.iter().any(|name| name.starts_with(other)));
        let mut place = Self { prefix: String::new(), key, beside, taken: String::new() };
        let inside: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| place.holds(name))
            .filter(|name| !unneeded(name))
            .collect();
        place.taken = match &found {
            Some(prefix) if inside.iter().all(|name| name.starts_with(prefix)) => prefix.clone(),
            _ => place.key.clone(),
        };
        place.prefix = found.unwrap_or_else(|| common(&inside));
        Ok(place)
    }

    /// The network's name of a tensor, if it is not one beside the network's.
    pub fn name<'a>(&self, name: &'a str) -> Option<&'a str> {
        self.holds(name).then(|| name.strip_prefix(&self.taken).unwrap_or(name))
    }

    fn holds(&self, name: &str) -> bool {
        match self.key.as_str() {
            "" => !self.beside.iter().any(|key| name.starts_with(key)),
            key => name.starts_with(key),
        }
    }
}

/// What stands before more than half of the network's names, if anything does.
fn prefix(names: &[&str], wanted: &BTreeSet<String>) -> Result<Option<String>, [String; 2]> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for name in names {
        let dots = name.match_indices('.').map(|(dot, _)| dot + 1);
        for (prefix, rest) in [0].into_iter().chain(dots).map(|start| name.split_at(start)) {
            *counts.entry(prefix).or_default() += usize::from(wanted.contains(rest));
        }
    }
    let most = counts.values().copied().max().unwrap_or(0);
    let mut best = counts.iter().filter(|&(_, &count)| count == most).map(|(&prefix, _)| prefix);
    match (best.next(), best.next()) {
        _ if 2 * most <= wanted.len() => Ok(None),
        // The file's own names come before those behind a prefix.
        (Some(first), Some(second)) if !first.is_empty() => {
            Err([first, second].map(|prefix| prefix.trim_end_matches('.').into()))
        }
        (first, _) => Ok(first.map(String::from)),
    }
}

/// What stands before all names, as far as a dot.
fn common(names: &[&str]) -> String {
    let Some(first) = names.first() else { return String::new() };
    let dots = first.match_indices('.').map(|(dot, _)| &first[..=dot]);
    let shared = dots.take_while(|prefix| names.iter().all(|name| name.starts_with(prefix)));
    shared.last().unwrap_or_default().into()
}

/// What serves training only: the counters of batch norm and of averaged weights, GoogLeNet's auxiliary heads.
pub(super) fn unneeded(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    ["num_batches_tracked", "n_averaged"].contains(&last)
        || name.starts_with("aux1.")
        || name.starts_with("aux2.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: [&str; 4] = ["conv.weight", "conv.bias", "bn.running_mean", "fc.weight"];

    /// The place found, and the names taken, in a file of `names` with dictionaries under `keys`.
    fn found(names: &[String], keys: &[&str]) -> Result<(String, Vec<String>), [String; 2]> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let keys: Vec<String> = keys.iter().map(|key| key.to_string()).collect();
        let place = Place::of(&names, &keys, &NETWORK.map(String::from).into())?;
        let taken = names.iter().filter_map(|name| place.name(name)).map(String::from).collect();
        Ok((place.prefix, taken))
    }

    fn under(prefix: &str) -> Vec<String> {
        NETWORK.map(|name| format!("{prefix}{name}")).into()
    }

    #[test]
    fn any_prefix_and_any_key() {
        let optimizer = || vec!["optimizer.state.0.exp_avg".to_string()];
        for (prefix, keys) in [
            ("", &["optimizer"][..]),
            ("module.", &[]),
            ("a.b.c.", &[]),
            ("net.", &["net", "optimizer"]),
            ("weights.", &["weights", "optimizer"]),
            ("ema.module.", &["ema", "optimizer"]),
            ("student.", &["student", "optimizer"]),
        ] {
            let beside = if keys.is_empty() { vec![] } else { optimizer() };
            let (place, taken) = found(&[under(prefix), beside].concat(), keys).unwrap();
            assert_eq!((place.as_str(), taken), (prefix, NETWORK.map(String::from).into()));
        }
    }

    #[test]
    fn what_is_not_clear_is_left() {
        // Twice: an error. The file's own names come first.
        let twice = [under("model."), under("ema.")].concat();
        assert_eq!(found(&twice, &["model", "ema"]), Err(["ema".into(), "model".into()]));
        let own = [under(""), under("ema.")].concat();
        assert_eq!(found(&own, &["ema"]).unwrap(), (String::new(), under("")));
        // A prefix that not all share is reported, and stays.
        let lost = [under("model."), vec!["loss.weight".into()]].concat();
        assert_eq!(found(&lost, &[]).unwrap(), ("model.".into(), lost));
        // Another network's file: below its key, and what its names share.
        let other = ["module.a.weight", "module.b.weight"].map(|name| format!("state_dict.{name}"));
        let (place, taken) = found(&other, &["state_dict"]).unwrap();
        assert_eq!(place, "state_dict.module.");
        assert_eq!(taken, ["module.a.weight", "module.b.weight"]);
    }

    #[test]
    fn averaged_weights_have_a_counter() {
        let names = [vec!["n_averaged".into()], under("module.")].concat();
        let (place, taken) = found(&names, &[]).unwrap();
        assert_eq!((place.as_str(), &taken[1..]), ("module.", &under("")[..]));
    }
}
