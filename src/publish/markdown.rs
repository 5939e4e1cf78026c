//! A page in Slack's own dialect of Markdown.

use super::page::Page;

/// The page below its subject.
pub(super) fn mrkdwn(page: &Page) -> String {
    let mut out = escaped(&page.lead);
    for fact in &page.facts {
        out.push_str(&format!("\n*{}*  ", fact.label));
        out.push_str(&fact.lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\n      "));
    }
    if let Some(next) = &page.next {
        out.push_str(&format!("\n```{}```", escaped(next)));
    }
    out
}

/// A text that Slack shows as it is. Source: *Formatting text for app surfaces*, "Escaping text".
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A report's Markdown: titles and strong words in Slack's manner, tables as they are typed.
pub(super) fn of_report(markdown: &str) -> String {
    let mut out = String::new();
    let mut in_table = false;
    for line in markdown.lines() {
        let is_table = line.trim_start().starts_with('|');
        if is_table != in_table {
            out.push_str("```\n");
            in_table = is_table;
        }
        let line = escaped(line);
        match line.trim_start_matches('#') {
            title if !is_table && title.len() < line.len() && title.starts_with(' ') => {
                out.push_str(&format!("*{}*", title.trim()));
            }
            _ if is_table => out.push_str(&line),
            _ => out.push_str(&line.replace("**", "*")),
        }
        out.push('\n');
    }
    if in_table {
        out.push_str("```\n");
    }
    out
}

/// A text in pieces of at most `most` characters, cut at line ends where there are some; a fence that is open at a cut
/// is closed and opened again.
pub(super) fn pieces(text: &str, most: usize) -> Vec<String> {
    const FENCE: &str = "```\n";
    // Room to close a fence.
    let room = most.saturating_sub(2 * FENCE.len()).max(1);
    let mut pieces = vec![String::new()];
    let mut is_open = false;
    let mut length = 0;
    let lines = text.split_inclusive('\n').flat_map(|line| {
        let letters: Vec<char> = line.chars().collect();
        letters.chunks(room).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>()
    });
    for line in lines {
        let long = line.chars().count();
        if length > 0 && length + long > room {
            if is_open && let Some(last) = pieces.last_mut() {
                last.push_str(FENCE);
            }
            pieces.push(if is_open { FENCE.to_owned() } else { String::new() });
            length = if is_open { FENCE.len() } else { 0 };
        }
        if line == FENCE {
            is_open = !is_open;
        }
        length += long;
        if let Some(last) = pieces.last_mut() {
            last.push_str(&line);
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_in_slack() {
        let report = "# Top keys\n\n**3** keys & more\n\n| key | calls |\n|---|---|\n| a<b | 1 |\n\nDone\n";
        let expect =
            "*Top keys*\n\n*3* keys &amp; more\n\n```\n| key | calls |\n|---|---|\n| a&lt;b | 1 |\n```\n\nDone\n";
        assert_eq!(of_report(report), expect);
    }

    #[test]
    fn a_long_text_is_cut_at_line_ends_and_its_fences_stay_whole() {
        let table = (0..500).map(|row| format!("| key-{row:03} | 1 |\n")).collect::<String>();
        let pieces = pieces(&of_report(&format!("Keys\n{table}End\n")), 3_000);
        assert!(pieces.len() > 2);
        let fences = |piece: &String| piece.lines().filter(|line| *line == "```").count();
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 3_000 && fences(piece) % 2 == 0));
        let rows = |piece: &String| piece.lines().filter(|line| line.starts_with("| key-")).count();
        assert_eq!(pieces.iter().map(rows).sum::<usize>(), 500);
    }

    #[test]
    fn a_line_that_is_longer_than_a_piece_is_cut_anyway() {
        let pieces = pieces(&"ä".repeat(7_000), 3_000);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 3_000));
        assert_eq!(pieces.concat().chars().count(), 7_000);
    }
}
