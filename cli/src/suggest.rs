//! Names near to one that does not exist.

/// The names at most two edits away (a third of the word's length for short words), nearest first.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let reach = (word.chars().count() / 3).clamp(1, 2);
    let mut near: Vec<(usize, &str)> = names
        .map(|name| {
            (
                if name.starts_with(word) {
                    0
                } else {
                    edits(word, name)
                },
                name,
            )
        })
        .filter(|(edits, _)| *edits <= reach)
        .collect();
    near.sort();
    near.into_iter().map(|(_, name)| name).collect()
}

/// Edits between two words, a swap of neighbours counting as one (optimal string alignment).
fn edits(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let changed = usize::from(left[i - 1] != right[j - 1]);
            let mut least = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_mended() {
        let names = ["boot", "bootstrap", "scan", "tracker"];
        assert_eq!(nearest("trakcer", names.into_iter()), ["tracker"]);
        assert_eq!(nearest("scna", names.into_iter()), ["scan"]);
        assert_eq!(nearest("boo", names.into_iter()), ["boot", "bootstrap"]);
        assert!(nearest("unrelated", names.into_iter()).is_empty());
    }

    #[test]
    fn edits_are_counted_as_defined() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("ab", "ba"), 1);
        assert_eq!(edits("ähnlich", "ahnlich"), 1);
    }
}
