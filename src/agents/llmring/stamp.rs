//! Points in time, as the original reads and writes them.

use toml::value::{Datetime, Offset};

/// A date and a time of day, perhaps with an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The clock on the wall, in seconds since 1970.
    wall: i64,
    microseconds: u32,
    /// In seconds; absent in a stamp that does not say where its clock hangs.
    offset: Option<i32>,
}

impl Stamp {
    /// What Python's `datetime.fromisoformat` makes of a text, week dates aside.
    pub fn from_iso(text: &str) -> Option<Stamp> {
        let mut rest = Digits { text };
        let year = rest.number(4)?;
        let dashed = rest.skip('-');
        let month = rest.number(2)?;
        if dashed && !rest.skip('-') {
            return None;
        }
        let days = days(year, month, rest.number(2)?)?;
        let (mut seconds, mut microseconds, mut offset) = (0, 0, None);
        if !rest.text.is_empty() {
            // Any one character may stand between date and time.
            rest.text = rest.text.get(rest.text.chars().next()?.len_utf8()..)?;
            let at = rest.text.find(['+', '-', 'Z']).unwrap_or(rest.text.len());
            let (clock, zone) = rest.text.split_at(at);
            (seconds, microseconds) = time_of_day(clock)?;
            offset = match zone.split_at_checked(1) {
                None => None,
                Some(("Z", "")) => Some(0),
                Some(("Z", _)) => return None,
                Some((sign, zone)) => {
                    let (seconds, _) = time_of_day(zone)?;
                    Some(if sign == "-" { -seconds } else { seconds } as i32)
                }
            };
        }
        Some(Stamp { wall: days * 86_400 + seconds, microseconds, offset })
    }

    /// What the original's TOML reader makes of a date that is not quoted.
    pub fn from_toml(raw: &str) -> Option<Stamp> {
        let read: Datetime = raw.parse().ok()?;
        let date = read.date?;
        let days = days(date.year.into(), date.month.into(), date.day.into())?;
        let time = |it: toml::value::Time| {
            let of_day =
                i64::from(it.hour) * 3600 + i64::from(it.minute) * 60 + i64::from(it.second.unwrap_or(0));
            (of_day, it.nanosecond.unwrap_or(0) / 1000)
        };
        let (seconds, microseconds) = read.time.map_or((0, 0), time);
        let offset = read.offset.map(|offset| match offset {
            Offset::Z => 0,
            Offset::Custom { minutes } => i32::from(minutes) * 60,
        });
        Some(Stamp { wall: days * 86_400 + seconds, microseconds, offset })
    }

    /// A unix time: in milliseconds where seconds would lie beyond the year 2603.
    pub fn from_unix(number: f64) -> Option<Stamp> {
        const WATERSHED: f64 = 2e10;
        const YEAR_10000: f64 = 253_402_300_800.0;
        let seconds = if number.abs() > WATERSHED { number / 1000.0 } else { number };
        if !seconds.is_finite() || !(-62_167_219_200.0..YEAR_10000).contains(&seconds) {
            return None;
        }
        let microseconds = (seconds * 1e6).round() as i64;
        Some(Stamp {
            wall: microseconds.div_euclid(1_000_000),
            microseconds: microseconds.rem_euclid(1_000_000) as u32,
            offset: Some(0),
        })
    }

    pub fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// Microseconds since 1970; nothing where that depends on who reads it.
    pub fn instant(&self) -> Option<i64> {
        let offset = i64::from(self.offset?);
        Some((self.wall - offset) * 1_000_000 + i64::from(self.microseconds))
    }

    /// As Python's `isoformat` writes it: `+00:00`, microseconds only where there are some.
    pub fn iso(&self) -> String {
        let mut text = self.clock();
        let Some(offset) = self.offset else { return text };
        let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
        text += &format!("{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60);
        if offset % 60 != 0 {
            text += &format!(":{:02}", offset % 60);
        }
        text
    }

    /// As it stands in a digest where it is a value of `metadata`: UTC is `Z` there.
    pub fn json(&self) -> String {
        if self.offset == Some(0) { self.clock() + "Z" } else { self.iso() }
    }

    fn clock(&self) -> String {
        let (year, month, day) = date(self.wall.div_euclid(86_400));
        let second = self.wall.rem_euclid(86_400);
        let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}");
        if self.microseconds != 0 {
            text += &format!(".{:06}", self.microseconds);
        }
        text
    }
}

/// `HH`, `HH:MM`, `HH:MM:SS`, with or without the colons; a fraction may follow the seconds.
fn time_of_day(text: &str) -> Option<(i64, u32)> {
    let mut rest = Digits { text };
    let hours = rest.number(2)?;
    let (mut minutes, mut seconds, mut microseconds) = (0, 0, 0);
    if !rest.text.is_empty() {
        let colons = rest.skip(':');
        minutes = rest.number(2)?;
        if !rest.text.is_empty() {
            if rest.skip(':') != colons {
                return None;
            }
            seconds = rest.number(2)?;
            if rest.skip('.') || rest.skip(',') {
                microseconds = fraction(rest.text)?;
                rest.text = "";
            }
        }
    }
    let valid = rest.text.is_empty() && hours < 24 && minutes < 60 && seconds < 60;
    valid.then_some((hours * 3600 + minutes * 60 + seconds, microseconds))
}

/// The digits behind the point, as microseconds; more than six are cut.
fn fraction(digits: &str) -> Option<u32> {
    let valid = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    let six = format!("{digits:0<6}");
    valid.then(|| six[..6].parse().ok())?
}

struct Digits<'t> {
    text: &'t str,
}

impl Digits<'_> {
    fn number(&mut self, width: usize) -> Option<i64> {
        let (digits, rest) = self.text.split_at_checked(width)?;
        self.text = rest;
        digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    fn skip(&mut self, character: char) -> bool {
        let rest = self.text.strip_prefix(character);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }
}

/// Days since 1970 of a date in the Gregorian calendar, if there is such a day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    // Years begin in March here, so that the day that comes and goes is the last one.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let exists = (1..=9999).contains(&year) && (1..=12).contains(&month) && date(days) == (year, month, day);
    exists.then_some(days)
}

/// The reverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        Stamp::from_iso(text).map(|it| it.iso())
    }

    #[test]
    fn texts_are_read_as_python_reads_them() {
        let cases = [
            ("2025-09-28", "2025-09-28T00:00:00"),
            ("20250928", "2025-09-28T00:00:00"),
            ("2025-09-28 12:00", "2025-09-28T12:00:00"),
            ("2025-09-28T12:00:00Z", "2025-09-28T12:00:00+00:00"),
            ("2025-09-28T12:00:00,5", "2025-09-28T12:00:00.500000"),
            ("2025-09-28T12:00:00.1234567", "2025-09-28T12:00:00.123456"),
            ("2025-09-28T120000+0200", "2025-09-28T12:00:00+02:00"),
            ("2025-09-28T12:00:00-00:00", "2025-09-28T12:00:00+00:00"),
            ("2024-02-29T12:00:00-05:30", "2024-02-29T12:00:00-05:30"),
            ("2025-09-28T12:00:00+05:30:15", "2025-09-28T12:00:00+05:30:15"),
        ];
        for (text, expected) in cases {
            assert_eq!(iso(text).as_deref(), Some(expected));
        }
        let refused = [
            "",
            "2025-02-29",
            "2025-09-28T24:00:00",
            "2025-09-28T12:00:00z",
            "2025-09-28T12:00:00.",
            " 2025-09-28",
            "2025-09-28T",
            "2025-13-01",
            "2025-09-28T12:00:00+24:00",
            "2025-0928",
            "é025-09-28",
        ];
        for text in refused {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn unix_times_and_toml_dates_are_stamps_too() {
        let unix = |number| Stamp::from_unix(number).map(|it| it.iso());
        assert_eq!(unix(1_700_000_000.5).as_deref(), Some("2023-11-14T22:13:20.500000+00:00"));
        assert_eq!(unix(1_700_000_000_000.0).as_deref(), Some("2023-11-14T22:13:20+00:00"));
        assert_eq!(unix(-1.0).as_deref(), Some("1969-12-31T23:59:59+00:00"));
        assert_eq!(unix(1e18), None);
        let toml = |raw| Stamp::from_toml(raw).map(|it| it.json());
        assert_eq!(toml("2025-09-28T12:05:34.812341Z").as_deref(), Some("2025-09-28T12:05:34.812341Z"));
        assert_eq!(toml("2025-09-28 12:00:00+02:00").as_deref(), Some("2025-09-28T12:00:00+02:00"));
        assert_eq!(toml("07:32:00"), None);
    }

    #[test]
    fn instants_are_compared_across_offsets() {
        let at = |text| Stamp::from_iso(text).unwrap().instant();
        assert_eq!(at("2025-01-01T02:00:00+02:00"), at("2025-01-01T00:00:00Z"));
        assert_eq!(at("2025-01-01"), None);
    }
}
