//! The classes of AudioSet that YAMNet tells apart, and how people may write them.

use std::sync::LazyLock;

/// How many there are.
pub const COUNT: usize = 521;

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let text = include_str!("../../../models/yamnet-classes.txt");
    text.lines().collect()
});

/// Their names, in the order of the model's scores.
pub fn names() -> &'static [&'static str] {
    &NAMES
}

/// The class called `name`, whatever the case: by the whole of its name, or by what stands between two commas of it and
/// in no other name.
pub fn find(name: &str) -> Option<usize> {
    let is_same = |it: &str| it.trim().eq_ignore_ascii_case(name.trim());
    let whole = names().iter().position(|it| is_same(it));
    whole.or_else(|| {
        let has_part = |it: &&str| it.split(',').any(is_same);
        let mut fitting = names().iter().enumerate().filter(|it| has_part(it.1));
        let first = fitting.next()?.0;
        fitting.next().is_none().then_some(first)
    })
}

/// The name most like `name` of all that `find` takes: one that shares a word with it, if there is one.
pub fn nearest(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let parts = names().iter().filter(|it| it.contains(','));
    let parts = parts.flat_map(|it| it.split(',')).map(str::trim);
    let all = names().iter().copied().chain(parts);
    let all = all.filter(|it| find(it).is_some());
    let likeness = |it: &str| {
        let it = it.to_lowercase();
        let shares_word = name
            .split(' ')
            .any(|word| it.split(' ').any(|its| its == word));
        strsim::normalized_damerau_levenshtein(&name, &it) + f64::from(shares_word)
    };
    let nearest = all.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    nearest.expect("there are some")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_by_its_name_or_an_unmistakable_part_of_it() {
        assert_eq!(names().len(), COUNT);
        for (number, name) in names().iter().enumerate() {
            assert_eq!(find(name), Some(number), "{name}");
        }
        assert_eq!((names()[69], names()[435]), ("Dog", "Glass"));
        assert_eq!(find("DOG"), Some(69));
        assert_eq!(find("gunshot"), find("Gunshot, gunfire"));
        assert_eq!(find("infant cry"), Some(20));
        assert_eq!(find("inside"), None, "there are three of them");
        assert_eq!(find("Dgo"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn the_nearest_name_is_one_that_is_found() {
        assert_eq!(nearest("Dgo"), "Dog");
        assert_eq!(nearest("gunshots"), "Gunshot");
        assert_eq!(nearest("broken glass"), "Glass");
        assert_eq!(nearest("dog barking"), "Dog");
        assert!(find(nearest("insides")).is_some());
    }
}
