#include "heloscope/mails/log_clock.h"

#define DAY 86400

/* What a stamp says. */
struct stamp {
	unsigned year, month, day, hour, minute, second; /* year 0: not said; month from 1 */
	bool has_zone;
	long zone_s; /* east of Greenwich */
};

void
log_clock_init(struct log_clock *clock, time_t written)
{
	struct tm local;

	*clock = (struct log_clock){ .written = written, .minute = -1 };
	if (localtime_r(&written, &local) != NULL)
		clock->written_year = local.tm_year + 1900;
}

/* Reading. */

/* Take `count` digits that are a number of `min` to `max`. */
static bool
take_number(struct span *text, size_t count, unsigned min, unsigned max, unsigned *number)
{
	if (text->length < count || !span_to_number((struct span){ text->at, count }, min, max, number))
		return false;
	*text = span_from(*text, count);
	return true;
}

static bool
take_char(struct span *text, char c)
{
	if (text->length == 0 || text->at[0] != c)
		return false;
	*text = span_from(*text, 1);
	return true;
}

static void
skip_blanks(struct span *text)
{
	while (take_char(text, ' '))
		;
}

static void
skip_fraction(struct span *text)
{
	if (text->length < 2 || (text->at[0] != '.' && text->at[0] != ',') || !ascii_is_digit(text->at[1]))
		return;
	*text = span_from(*text, 1);
	while (text->length > 0 && ascii_is_digit(text->at[0]))
		*text = span_from(*text, 1);
}

static bool
take_time_of_day(struct span *text, struct stamp *stamp)
{
	if (!take_number(text, 2, 0, 23, &stamp->hour) || !take_char(text, ':')
	    || !take_number(text, 2, 0, 59, &stamp->minute) || !take_char(text, ':')
	    || !take_number(text, 2, 0, 60, &stamp->second))
		return false;
	skip_fraction(text);
	return true;
}

/* "+01:00", "+0100", "Z", "UTC", or nothing. */
static void
take_zone(struct span *text, struct stamp *stamp)
{
	struct span rest = *text;
	unsigned hours, minutes;
	bool is_west;

	skip_blanks(&rest);
	if (take_char(&rest, 'Z') || span_starts_with_nocase(rest, SPAN("UTC "))) {
		stamp->has_zone = true;
		*text = rest.at[0] == 'U' ? span_from(rest, 3) : rest;
		return;
	}
	is_west = take_char(&rest, '-');
	if ((!is_west && !take_char(&rest, '+')) || !take_number(&rest, 2, 0, 23, &hours))
		return;
	(void)take_char(&rest, ':');
	if (!take_number(&rest, 2, 0, 59, &minutes))
		return;
	stamp->has_zone = true;
	stamp->zone_s = ((long)hours * 60 + minutes) * (is_west ? -60 : 60);
	*text = rest;
}

/* "2026-11-27T10:00:00.123+01:00" */
static bool
take_full(struct span *text, struct stamp *stamp)
{
	struct span rest = *text;

	if (!take_number(&rest, 4, 1970, 9999, &stamp->year) || !take_char(&rest, '-')
	    || !take_number(&rest, 2, 1, 12, &stamp->month) || !take_char(&rest, '-')
	    || !take_number(&rest, 2, 1, 31, &stamp->day)
	    || (!take_char(&rest, 'T') && !take_char(&rest, ' ')) || !take_time_of_day(&rest, stamp))
		return false;
	take_zone(&rest, stamp);
	*text = rest;
	return true;
}

static bool
take_month(struct span *text, unsigned *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned i = 0; i < 12 && text->length >= 3; i++) {
		if (memcmp(text->at, names + (size_t)i * 3, 3) != 0)
			continue;
		*text = span_from(*text, 3);
		*month = i + 1;
		return true;
	}
	return false;
}

/* "Nov 27 10:00:00", "Nov  7 10:00:00.123", "Nov 27 2026 10:00:00" */
static bool
take_short(struct span *text, struct stamp *stamp)
{
	struct span rest = *text;

	if (!take_month(&rest, &stamp->month) || !take_char(&rest, ' '))
		return false;
	skip_blanks(&rest);
	if ((!take_number(&rest, 2, 1, 31, &stamp->day) && !take_number(&rest, 1, 1, 9, &stamp->day))
	    || !take_char(&rest, ' '))
		return false;
	stamp->year = 0;
	if (rest.length > 4 && rest.at[4] == ' '
	    && (!take_number(&rest, 4, 1970, 9999, &stamp->year) || !take_char(&rest, ' ')))
		return false;
	if (!take_time_of_day(&rest, stamp))
		return false;
	*text = rest;
	return true;
}

/* "Fri ", which says nothing. */
static void
skip_weekday(struct span *text)
{
	static const char names[] = "MonTueWedThuFriSatSun";

	for (size_t i = 0; i < 7 && text->length > 4 && text->at[3] == ' '; i++)
		if (memcmp(text->at, names + i * 3, 3) == 0)
			*text = span_from(*text, 4);
}

/* "1795000000.123456" */
static bool
take_seconds(struct span *text, time_t *seconds)
{
	struct span rest = *text;
	unsigned high, low;

	if (!take_number(&rest, 5, 10000, 99999, &high) || !take_number(&rest, 5, 0, 99999, &low)
	    || rest.length == 0 || (rest.at[0] != '.' && rest.at[0] != ' '))
		return false;
	*seconds = (time_t)high * 100000 + (time_t)low;
	skip_fraction(&rest);
	*text = rest;
	return true;
}

/* What it is. */

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t
days_of(unsigned year, unsigned month, unsigned day)
{
	static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	const int64_t past = (int64_t)year - (month <= 2 ? 1 : 0); /* whose leap day is over, if it had one */

	return ((int64_t)year - 1970) * 365 + (past / 4 - past / 100 + past / 400) - 477 + before[month - 1]
	       + day - 1;
}

static time_t
local_minute(const struct stamp *stamp, unsigned year)
{
	struct tm local = { .tm_year = (int)year - 1900,
			    .tm_mon = (int)stamp->month - 1,
			    .tm_mday = (int)stamp->day,
			    .tm_hour = (int)stamp->hour,
			    .tm_min = (int)stamp->minute,
			    .tm_isdst = -1 };

	return mktime(&local);
}

static bool
has_day(unsigned year, unsigned month, unsigned day)
{
	return month != 2 || day < 29 || days_of(year, 3, 1) - days_of(year, 2, 1) >= (int64_t)day;
}

/* The last year in which the stamp is not later than the log. Who reads a log in another zone than it was
 * written in sees stamps that are later by hours. */
static time_t
minute_without_year(const struct log_clock *clock, const struct stamp *stamp)
{
	time_t minute = 0;

	for (unsigned year = (unsigned)clock->written_year; year >= 1970; year--) {
		if (!has_day(year, stamp->month, stamp->day))
			continue;
		minute = local_minute(stamp, year);
		if (minute <= clock->written + DAY)
			break;
	}
	return minute;
}

static time_t
local_seconds(struct log_clock *clock, const struct stamp *stamp)
{
	const int64_t minute =
		((((int64_t)stamp->year * 16 + stamp->month) * 32 + stamp->day) * 32 + stamp->hour) * 64
		+ stamp->minute;

	if (minute != clock->minute) {
		clock->minute_begins = stamp->year != 0 ? local_minute(stamp, stamp->year)
							: minute_without_year(clock, stamp);
		clock->minute = minute;
	}
	return clock->minute_begins + (time_t)stamp->second;
}

static time_t
seconds_of(struct log_clock *clock, const struct stamp *stamp)
{
	time_t seconds;

	if (stamp->has_zone)
		return (time_t)(days_of(stamp->year, stamp->month, stamp->day) * DAY)
		       + (time_t)stamp->hour * 3600 + (time_t)stamp->minute * 60 + (time_t)stamp->second
		       - stamp->zone_s;
	seconds = local_seconds(clock, stamp);
	return stamp->year == 0 && seconds > clock->written ? clock->written : seconds;
}

bool
log_clock_read(struct log_clock *clock, struct span *text, time_t *seconds)
{
	struct stamp stamp = { .year = 0 };
	struct span rest = *text;
	time_t known = -1;

	skip_weekday(&rest);
	if (!take_short(&rest, &stamp) && !take_full(&rest, &stamp) && !take_seconds(&rest, &known))
		return false;
	if (rest.length > 0 && rest.at[0] != ' ')
		return false;
	skip_blanks(&rest);
	*text = rest;
	if (seconds != NULL)
		*seconds = known != -1 ? known : seconds_of(clock, &stamp);
	return true;
}
