//! A page of Markdown for a code host: tables that are cut at a row, because a page has a largest size.

/// Code hosts take no longer summary; what stands behind the last row has room besides.
pub(super) const LIMIT: usize = (1 << 20) - 4096;

/// The page so far.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// Rows for which there was no room.
    pub(super) left_out: usize,
}

impl Page {
    /// Rows of the first table that is too long, and all behind them, are left out.
    pub(super) fn table<const N: usize>(
        &mut self,
        columns: [&str; N],
        rows: impl Iterator<Item = [String; N]>,
    ) {
        self.text.push_str(&format!("\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(N)));
        for row in rows {
            let row = line(&row);
            if self.left_out == 0 && self.has_room(row.len()) {
                self.text.push_str(&row);
            } else {
                self.left_out += 1;
            }
        }
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.text.len() + bytes <= LIMIT
    }

    /// What a reader opens if they want to.
    pub(super) fn fold<const N: usize>(
        &mut self,
        summary: &str,
        columns: [&str; N],
        rows: impl Iterator<Item = [String; N]>,
    ) {
        self.text.push_str(&format!("\n<details><summary>{summary}</summary>\n"));
        self.table(columns, rows);
        self.text.push_str("\n</details>\n");
    }
}

/// One row of a table.
pub(super) fn line<const N: usize>(cells: &[String; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}
