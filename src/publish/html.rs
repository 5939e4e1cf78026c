//! A page as HTML for mail: nothing is fetched, and it is readable on a bright and on a dark screen.

use std::fmt::Write;

use super::page::{Page, page};
use super::picture::PHONE;
use crate::alarm::{Notice, StateValue, Subject};

/// Colours for both kinds of screens; mail programs that know no media queries keep the bright one.
const STYLE: &str = "\
body{margin:0;padding:8px;background:#f4f5f7;color:#1f2933;\
font:16px/1.45 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}\
.page{max-width:640px;margin:0 auto;background:#ffffff;border-radius:8px;border-top:6px solid #7b8794;padding:16px}\
.alarm{border-top-color:#c81e1e}.ok{border-top-color:#0b7a4b}\
h1{font-size:20px;line-height:1.3;margin:0 0 8px}p{margin:0 0 16px}\
table{border-collapse:collapse;width:100%}th{text-align:left;vertical-align:top;padding:6px 12px 6px 0;color:#616e7c;\
font-weight:600;white-space:nowrap}td{padding:6px 0;overflow-wrap:anywhere}\
img{max-width:100%;height:auto;border-radius:6px;margin:0 0 16px}\
pre{background:#f4f5f7;border-radius:6px;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;\
font:14px/1.4 ui-monospace,Menlo,Consolas,monospace;margin:16px 0 0}\
@media (prefers-color-scheme:dark){body{background:#12161c;color:#e4e7eb}.page{background:#1d232b}\
th{color:#9aa5b1}pre{background:#12161c}}";

/// A notice as a page; `picture` is the address of its picture, such as `cid:picture`. A report is its own page.
pub fn html(notice: &Notice, picture: Option<&str>) -> String {
    let class = match &notice.subject {
        Subject::Report(report) => return report.html.clone(),
        Subject::Test { .. } => "page",
        Subject::StateChange(change) => match change.new_state {
            StateValue::Alarm => "page alarm",
            StateValue::Ok => "page ok",
            StateValue::InsufficientData => "page",
        },
    };
    written(&page(notice), class, picture)
}

/// A text that an operator's template made, as a page.
pub(super) fn plain(title: &str, text: &str, picture: Option<&str>) -> String {
    let mut out = head(title, "page");
    image(title, picture, &mut out);
    let _ = writeln!(out, "<div style=\"white-space:pre-wrap\">{}</div>", escaped(text));
    out.push_str(FOOT);
    out
}

const FOOT: &str = "</div></body></html>\n";

fn head(title: &str, class: &str) -> String {
    let subject = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">\
         <title>{subject}</title><style>{STYLE}</style></head>\n<body><div class=\"{class}\" role=\"main\">\n\
         <h1>{subject}</h1>\n"
    )
}

fn image(title: &str, address: Option<&str>, out: &mut String) {
    if let Some(address) = address {
        let _ =
            writeln!(out, "<img src=\"{}\" alt=\"{}\" width=\"{}\">", escaped(address), escaped(title), PHONE.width);
    }
}

fn written(page: &Page, class: &str, picture: Option<&str>) -> String {
    let mut out = head(&page.subject, class);
    let _ = writeln!(out, "<p>{}</p>", escaped(&page.lead));
    image(&page.subject, picture, &mut out);
    if !page.facts.is_empty() {
        out.push_str("<table role=\"presentation\">\n");
        for fact in &page.facts {
            let lines: Vec<String> = fact.lines.iter().map(|line| escaped(line)).collect();
            let _ = writeln!(out, "<tr><th>{}</th><td>{}</td></tr>", fact.label, lines.join("<br>"));
        }
        out.push_str("</table>\n");
    }
    if let Some(next) = &page.next {
        let _ = writeln!(out, "<pre>{}</pre>", escaped(next));
    }
    out.push_str(FOOT);
    out
}

fn escaped(text: &str) -> String {
    // A number and its sign stay on one line.
    let text = text.replace(" %", "\u{a0}%").replace(" ×", "\u{a0}×");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    #[test]
    fn what_a_name_holds_is_text_and_not_markup() {
        let mut notice = sample::page();
        if let Subject::StateChange(change) = &mut notice.subject {
            change.alarm_description = Some("<script>alert(1)</script> & \"more\"".to_owned());
        }
        let page = html(&notice, Some("cid:picture"));
        assert!(!page.contains("<script>"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"));
    }

    #[test]
    fn nothing_is_fetched_and_dark_screens_are_thought_of() {
        let page = html(&sample::page(), Some("cid:picture"));
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("src=\"cid:picture\""));
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("url("));
    }
}
