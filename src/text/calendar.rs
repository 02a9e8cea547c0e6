//! Days of the calendar, as they are written.

use std::fmt;
use std::str::FromStr;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Nothing for a day that no calendar has.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let is_day = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        is_day.then_some(Date { year, month, day })
    }

    /// So many days later.
    pub fn after(self, days: u16) -> Option<Date> {
        let mut date = self;
        for _ in 0..days {
            let Date { year, month, day } = date;
            date = Date::new(year, month, day + 1)
                .or_else(|| Date::new(year, month + 1, 1))
                .or_else(|| Date::new(year.checked_add(1)?, 1, 1))?;
        }
        Some(date)
    }

    /// The day of a number of seconds since 1970; nothing beyond the year 9999.
    pub fn of_epoch(seconds: u64) -> Option<Date> {
        let (mut days, mut year) = (seconds / 86_400, 1970_u16);
        let length = |year| if is_leap(year) { 366 } else { 365 };
        while days >= length(year) {
            days -= length(year);
            year += 1;
            if year > 9999 {
                return None;
            }
        }
        let mut month = 1;
        while days >= u64::from(days_of(year, month)) {
            days -= u64::from(days_of(year, month));
            month += 1;
        }
        Date::new(year, month, days as u8 + 1)
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Date, String> {
        let wrong = || format!("`{text}` is no date: write it as 2027-01-31");
        let digits = |range: std::ops::Range<usize>| {
            text.get(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse::<u16>().ok()
        };
        let hyphens = text.len() == 10 && [4, 7].iter().all(|&at| text.as_bytes()[at] == b'-');
        let parts = (digits(0..4), digits(5..7), digits(8..10));
        let (Some(year), Some(month), Some(day), true) = (parts.0, parts.1, parts.2, hyphens) else {
            return Err(wrong());
        };
        Date::new(year, month as u8, day as u8).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_days() {
        let day = |seconds| Date::of_epoch(seconds).unwrap().to_string();
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(951_782_399), "2000-02-28");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(951_868_800), "2000-03-01");
        assert_eq!(day(1_798_761_599), "2026-12-31");
        assert_eq!(day(253_402_300_799), "9999-12-31");
        assert_eq!(Date::of_epoch(253_402_300_800), None);
        assert_eq!(Date::of_epoch(u64::MAX), None);
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        assert_eq!("2027-01-31".parse::<Date>().unwrap().to_string(), "2027-01-31");
        for text in
            ["", "2027-1-31", "2027-02-29", "31-01-2027", "2027-01-31T00:00", "2027/01/31", "+027-01-31"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
