//! Timestamps as the original reads and writes them, and how old something is by its way of counting.

use std::fmt::Write;

/// Seconds since 1970, UTC.
pub type Seconds = i64;

const DAY: i64 = 86_400;

/// Why a timestamp is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTime {
    /// The original stops on it.
    Malformed,
    /// It names no time zone, and the original stops on that too.
    Naive,
}

/// `YYYY-MM-DD[T ]hh:mm[:ss[.ffffff]](Z|±hh:mm)`, as Python's `fromisoformat` takes it.
/// The clock that it is compared with has seconds, so what is less is dropped.
pub fn parse(text: &str) -> Result<Seconds, NoTime> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let is = |at: usize, byte: u8| text.as_bytes().get(at) == Some(&byte);
    let date = (number(0..4), number(5..7), number(8..10));
    let (Some(year), Some(month), Some(day)) = date else { return Err(NoTime::Malformed) };
    if !is(4, b'-')
        || !is(7, b'-')
        || year == 0
        || !(1..=12).contains(&month)
        || day < 1
        || day > month_length(year, month)
    {
        return Err(NoTime::Malformed);
    }
    if text.len() == 10 {
        return Err(NoTime::Naive);
    }
    let (Some(hour), Some(minute)) = (number(11..13), number(14..16)) else { return Err(NoTime::Malformed) };
    let (second, rest) = if is(16, b':') { (number(17..19), 19) } else { (Some(0), 16) };
    let second = second.filter(|second| is(13, b':') && hour < 24 && minute < 60 && *second < 60);
    let second = second.ok_or(NoTime::Malformed)?;
    let zone = without_fraction(text.get(rest..).ok_or(NoTime::Malformed)?)?;
    let local = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Ok(local - offset(zone)?)
}

/// What follows the fraction of a second.
fn without_fraction(text: &str) -> Result<&str, NoTime> {
    let Some(digits) = text.strip_prefix(['.', ',']) else { return Ok(text) };
    let zone = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    if zone.len() == digits.len() { Err(NoTime::Malformed) } else { Ok(zone) }
}

/// How far a zone is ahead of UTC, in seconds.
fn offset(zone: &str) -> Result<i64, NoTime> {
    let sign = match zone.bytes().next() {
        None => return Err(NoTime::Naive),
        Some(b'Z') if zone.len() == 1 => return Ok(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(NoTime::Malformed),
    };
    let parts: Vec<Option<i64>> =
        zone[1..].split(':').map(|part| part.parse().ok().filter(|_| part.len() == 2)).collect();
    match parts[..] {
        [Some(hours @ 0..24), Some(minutes @ 0..60)] => Ok(sign * (hours * 3600 + minutes * 60)),
        _ => Err(NoTime::Malformed),
    }
}

/// Full days from a time to another, as Python counts them: downwards.
pub fn days_between(from: Seconds, now: Seconds) -> i64 {
    (now - from).div_euclid(DAY)
}

/// `2026-01-27T12:00:00+00:00`, as Python's `isoformat`: microseconds where there are any.
pub fn format(seconds: Seconds, micros: u32) -> String {
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let mut out = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    );
    if micros > 0 {
        // A `String` takes everything.
        let _ = write!(out, ".{micros:06}");
    }
    out + "+00:00"
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970, in the Gregorian calendar. Years begin in March here, so that a leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were() {
        for seconds in [0, 951_782_399, 951_782_400, 1_769_515_208, 4_102_444_800, -1] {
            assert_eq!(parse(&format(seconds, 0)), Ok(seconds));
        }
        assert_eq!(format(1_769_515_208, 123_456), "2026-01-27T12:00:08.123456+00:00");
        assert_eq!(parse("2026-01-27T14:00:08.123456789+02:00"), Ok(1_769_515_208));
    }

    #[test]
    fn what_the_original_stops_on_is_no_time() {
        assert_eq!(parse("2025-01-01T00:00:00"), Err(NoTime::Naive));
        assert_eq!(parse("2025-01-01"), Err(NoTime::Naive));
        for text in [
            "",
            "2026-01-27T...",
            "2025-02-30T00:00:00Z",
            "2025-01-01T00:00:00z",
            "2025-01-01T24:00:00Z",
            "é025-01-01",
        ] {
            assert_eq!(parse(text), Err(NoTime::Malformed), "{text}");
        }
    }

    #[test]
    fn a_day_counts_when_it_is_over() {
        assert_eq!(days_between(1, DAY), 0);
        assert_eq!(days_between(0, DAY), 1);
        assert_eq!(days_between(DAY, 1), -1);
    }
}
