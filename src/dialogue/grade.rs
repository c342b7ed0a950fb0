//! How hard a text is to read: the Flesch–Kincaid grade, in years of schooling.
//!
//! `check` grades every text a person can get. Names of medicines and other words without a
//! plainer one are left out, as `grade_exceptions` of `common.yaml` lists them.

use std::collections::HashSet;

/// The grade of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grade {
    /// Its words, exceptions included.
    pub words: usize,
    /// Years of schooling needed to read it at ease; easy texts go below zero.
    pub years: f64,
}

/// Words and phrases that the grade leaves out.
#[derive(Debug, Default)]
pub struct Exceptions {
    phrases: HashSet<Vec<String>>,
    longest: usize,
}

impl Exceptions {
    /// The exceptions of a list; each may be one word or several.
    pub fn new(list: &[String]) -> Exceptions {
        let phrases: HashSet<Vec<String>> = list.iter().map(|e| words(&e.to_lowercase())).collect();
        let longest = phrases.iter().map(Vec::len).max().unwrap_or(0);
        Exceptions { phrases, longest }
    }

    /// The words of a sentence without the exceptions.
    fn leave_out(&self, words: &[String]) -> Vec<String> {
        let lower: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
        let mut out = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let most = self.longest.min(words.len() - at);
            match (1..=most)
                .rev()
                .find(|n| self.phrases.contains(&lower[at..at + n]))
            {
                Some(n) => at += n,
                None => {
                    out.push(lower[at].clone());
                    at += 1;
                }
            }
        }
        out
    }
}

/// The Flesch–Kincaid grade of a text. A line, a bullet or a button is a sentence of its own.
pub fn grade(text: &str, exceptions: &Exceptions) -> Grade {
    let (mut all, mut sentences, mut kept, mut syllable_count) = (0, 0, 0, 0);
    for sentence in sentences_of(text) {
        let found = words(&sentence);
        all += found.len();
        let counted = exceptions.leave_out(&found);
        if counted.is_empty() {
            continue;
        }
        sentences += 1;
        // A compound such as "low-back" is as hard as its parts.
        for part in counted
            .iter()
            .flat_map(|w| w.split('-'))
            .filter(|p| !p.is_empty())
        {
            kept += 1;
            syllable_count += syllables(part);
        }
    }
    if kept == 0 {
        return Grade {
            words: all,
            years: 0.0,
        };
    }
    let (sentences, kept) = (f64::from(sentences), f64::from(kept));
    let years = 0.39 * kept / sentences + 11.8 * f64::from(syllable_count) / kept - 15.59;
    Grade { words: all, years }
}

/// The words that make a text hard: those of most syllables, at most `most` of them.
pub fn hardest(text: &str, exceptions: &Exceptions, most: usize) -> Vec<String> {
    let mut found: Vec<String> = sentences_of(text)
        .iter()
        .flat_map(|s| exceptions.leave_out(&words(s)))
        .collect();
    found.sort();
    found.dedup();
    found.sort_by_key(|w| std::cmp::Reverse(w.split('-').map(syllables).sum::<u32>()));
    found.truncate(most);
    found
}

/// The sentences of a text: cut at ends of sentences, lines and bullets. Parts without a letter,
/// such as the number of a list, are none.
fn sentences_of(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = vec![String::new()];
    for (i, &c) in chars.iter().enumerate() {
        let after = chars.get(i + 1);
        // A point inside a number or an address ends nothing.
        let ends = match c {
            '\n' | '•' | '·' => true,
            '.' | '!' | '?' => after.is_none_or(|n| !n.is_alphanumeric()),
            _ => false,
        };
        if ends {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out.retain(|s| s.chars().any(char::is_alphabetic));
    out
}

/// The words of a sentence. Apostrophes, hyphens and points inside a word belong to it.
fn words(sentence: &str) -> Vec<String> {
    sentence
        .replace('’', "'")
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '-' | '.')))
        .map(|w| w.trim_matches(['\'', '-', '.']).to_owned())
        .filter(|w| !w.is_empty())
        .collect()
}

/// The syllables of one word in small letters. A number counts as one, as is usual.
pub fn syllables(word: &str) -> u32 {
    let word = word.trim_matches('\'');
    if let Some(n) = irregular(word) {
        return n;
    }
    if !word.chars().any(char::is_alphabetic) {
        return 1;
    }
    let (stem, ending) = match word.split_once('\'') {
        Some((stem, ending)) => (stem, ending),
        None => (word, ""),
    };
    // "didn't" has one more than "did", "can't" has not.
    let contracted = stem.ends_with('n') && ending == "t" && stem.len() > 3 && {
        matches!(stem.as_bytes()[stem.len() - 2], b'd' | b's' | b'v')
    };
    let stem = if contracted {
        &stem[..stem.len() - 1]
    } else {
        stem
    };
    irregular(stem).unwrap_or_else(|| regular(stem)) + u32::from(contracted)
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// The syllables by rule: groups of vowels, less the silent ones, and more where two are spoken.
fn regular(word: &str) -> u32 {
    let w: Vec<char> = word.chars().collect();
    let mut n: i32 = 0;
    for (i, &c) in w.iter().enumerate() {
        n += i32::from(is_vowel(c) && (i == 0 || !is_vowel(w[i - 1])));
    }
    n += silent(word, &w) + spoken(word, &w);
    n.max(1).unsigned_abs()
}

/// Minus one for a silent e.
fn silent(word: &str, w: &[char]) -> i32 {
    let back = |n: usize| w.len().checked_sub(n).map_or(' ', |i| w[i]);
    // In "muscle", "settled" and "muscles" the e before or after the l is spoken.
    let syllabic_l = |l: usize| back(l) == 'l' && "bcdfgkpstz".contains(back(l + 1));
    let at_end = if word.ends_with('e') {
        !is_vowel(back(2)) && !syllabic_l(2)
    } else if word.ends_with("ed") {
        !is_vowel(back(3)) && !matches!(back(3), 't' | 'd') && !syllabic_l(3)
    } else if word.ends_with("es") {
        let hissed = matches!(back(3), 's' | 'x' | 'z' | 'c' | 'g')
            || matches!((back(4), back(3)), ('c' | 's', 'h'));
        !is_vowel(back(3)) && !hissed && !syllabic_l(3)
    } else {
        false
    };
    // "safely", "movement": the e of the stem stays silent.
    let inside = ["ly", "ful", "less", "ment", "ments", "ness"]
        .iter()
        .any(|suffix| {
            word.strip_suffix(suffix).is_some_and(|stem| {
                let s: Vec<char> = stem.chars().collect();
                s.len() > 2 && s[s.len() - 1] == 'e' && !is_vowel(s[s.len() - 2])
            })
        });
    -(i32::from(at_end) + i32::from(inside))
}

/// Plus one for each pair of vowels that are spoken apart, and for a humming end.
fn spoken(word: &str, w: &[char]) -> i32 {
    let mut n = 0;
    for i in 1..w.len() {
        let before = if i >= 2 { w[i - 2] } else { ' ' };
        let after = w.get(i + 1).copied().unwrap_or(' ');
        n += i32::from(match (w[i - 1], w[i]) {
            ('i', 'a') => !matches!(before, 'c' | 't' | 'g' | 's'),
            ('i', 'o') => after != 'n' && !matches!(before, 'c' | 't' | 'x' | 'g'),
            ('i', 'u') => true,
            ('u', 'a') => !matches!(before, 'q' | 'g'),
            ('e', 'o') => before != 'p' && after != 'u',
            ('i', 'e') => after == 'r' && !is_vowel(before) && i + 2 >= w.len() && w.len() > 4,
            _ => false,
        });
    }
    let vowel_ing = word
        .strip_suffix("ing")
        .is_some_and(|s| s.ends_with(is_vowel));
    let hums = ["sm", "sms", "thm"].iter().any(|e| word.ends_with(e));
    n + i32::from(vowel_ing) + i32::from(hums)
}

/// Words that the rules miss.
fn irregular(word: &str) -> Option<u32> {
    Some(match word {
        "tv" | "ok" | "x-ray" | "every" | "fluid" | "fluids" | "quiet" | "something"
        | "someone" | "sometimes" | "maybe" | "create" | "react" | "really" | "science"
        | "diet" | "evening" | "lonely" | "business" | "people" | "people's" | "ruin" | "poem"
        | "lion" | "onto" | "sideways" | "somewhere" | "therefore" | "lifetime" | "naked"
        | "tired" => 2,
        "area" | "areas" | "idea" | "ideas" | "anyone" | "everyone" | "everything" | "medium"
        | "element" | "piano" | "recipe" | "everyday" => 3,
        "arthritis" => 3,
        "diabetes" | "usually" | "sciatica" | "actually" | "gradually" | "sexually" => 4,
        "hour" | "hours" | "our" | "yours" | "clothes" | "real" | "heal" | "heals" => 1,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], expected: u32) {
        for word in words {
            assert_eq!(syllables(word), expected, "{word}");
        }
    }

    #[test]
    fn syllables_are_counted_as_they_are_spoken() {
        check(
            &[
                "pain", "squeezed", "bones", "legs", "breathe", "ached", "can't", "don't", "you",
                "used", "moves", "called", "through", "hour", "14", "stays", "ease", "pee",
            ],
            1,
        );
        check(
            &[
                "numbness",
                "spasm",
                "needed",
                "muscle",
                "muscles",
                "changes",
                "settled",
                "movement",
                "safely",
                "being",
                "pooing",
                "trying",
                "weakness",
                "breathing",
                "didn't",
                "couldn't",
                "doctor",
                "tablets",
                "tightness",
                "sudden",
                "pancakes",
                "eases",
                "stiffness",
                "quiet",
            ],
            2,
        );
        check(
            &[
                "infection",
                "together",
                "serious",
                "medicine",
                "usual",
                "sexual",
                "easier",
                "area",
                "previous",
                "artery",
                "pregnancy",
                "arthritis",
                "idea",
                "visual",
                "history",
            ],
            3,
        );
        check(
            &[
                "emergency",
                "temperature",
                "irritated",
                "usually",
                "sciatica",
                "aneurysm",
                "diabetes",
            ],
            4,
        );
    }

    #[test]
    fn a_sentence_ends_at_points_lines_and_bullets_but_not_inside_a_number() {
        assert_eq!(
            sentences_of("It is 38.3 °C. Why?\n1. Call now\n• Rest").len(),
            4
        );
        assert_eq!(sentences_of("See findahelpline.com today").len(), 1);
    }

    #[test]
    fn the_grade_follows_the_formula() {
        let none = Exceptions::default();
        // 6 words, 1 sentence, 6 syllables.
        let g = grade("The cat sat on the mat.", &none);
        assert_eq!(g.words, 6);
        assert!((g.years - (0.39 * 6.0 + 11.8 - 15.59)).abs() < 1e-9);
        // 12 words, 2 sentences, 14 syllables.
        let g = grade(
            "Call for help now. Do not wait to see if it passes over.",
            &none,
        );
        assert!((g.years - (0.39 * 13.0 / 2.0 + 11.8 * 15.0 / 13.0 - 15.59)).abs() < 1e-9);
    }

    #[test]
    fn exceptions_are_left_out_also_when_they_are_phrases() {
        let list = ["Ibuprofen".to_owned(), "multiple sclerosis".to_owned()];
        let left_out = Exceptions::new(&list);
        let with = grade("Take ibuprofen with multiple sclerosis.", &left_out);
        let without = grade("Take with.", &Exceptions::default());
        assert_eq!(with.words, 5);
        assert!((with.years - without.years).abs() < 1e-9);
    }
}
