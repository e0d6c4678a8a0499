#include "hooktop/base/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S        INT64_C(1000000)
#define US_PER_DAY      (INT64_C(86400) * US_PER_S)
#define MS_PER_DAY      (INT64_C(86400) * 1000)
#define DURATION_MAX_MS (400 * MS_PER_DAY)

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char weekdays[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

struct civil {
    int year, month, day, hour, minute, second, us;
    int offset_minutes;
};

static int64_t clock_us(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) != 0)
        ht_abort("the clock cannot be read");
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t ht_mono_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t ht_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

/* Days since 1970 of a date of the Gregorian calendar, years counted from March so that a leap day comes last. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month > 2 ? year : (int64_t)year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void civil_from_days(int64_t days, struct civil *ret)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    ret->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    ret->month = (int)(month < 10 ? month + 3 : month - 9);
    ret->year = (int)(year_of_era + era * 400 + (ret->month <= 2));
}

static bool civil_valid(const struct civil *c)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    return c->day <= days[c->month - 1] + (leap && c->month == 2);
}

static int64_t civil_us(const struct civil *c)
{
    int64_t minutes = (days_from_civil(c->year, c->month, c->day) * 24 + c->hour) * 60 + c->minute - c->offset_minutes;
    return (minutes * 60 + c->second) * US_PER_S + c->us;
}

/* Exactly n digits and what follows them; snprintf takes ten times as long, and every body and log line has a time. */
static void put_digits(char **at, int v, int n, char next)
{
    for (int i = n - 1; i >= 0; i--) {
        (*at)[i] = (char)('0' + v % 10);
        v /= 10;
    }
    (*at)[n] = next;
    *at += n + 1;
}

void ht_time_rfc3339(int64_t us, char ret_text[HT_TIME_TEXT])
{
    /* RFC 3339 has four digits for the year. */
    const int64_t first = civil_us(&(struct civil){.year = 0, .month = 1, .day = 1});
    const int64_t last = civil_us(&(struct civil){.year = 10000, .month = 1, .day = 1}) - 1;
    us = us < first ? first : us > last ? last : us;
    int64_t days = us / US_PER_DAY - (us % US_PER_DAY < 0);
    int64_t rest = us - days * US_PER_DAY;
    struct civil c;
    civil_from_days(days, &c);
    char *at = ret_text;
    put_digits(&at, c.year, 4, '-');
    put_digits(&at, c.month, 2, '-');
    put_digits(&at, c.day, 2, 'T');
    put_digits(&at, (int)(rest / (3600 * US_PER_S)), 2, ':');
    put_digits(&at, (int)(rest / (60 * US_PER_S) % 60), 2, ':');
    put_digits(&at, (int)(rest / US_PER_S % 60), 2, '.');
    put_digits(&at, (int)(rest / 1000 % 1000), 3, 'Z');
    *at = '\0';
}

/* Exactly n digits; moves *at. */
static bool digits(const char **at, const char *end, int n, int *ret)
{
    int v = 0;
    if (end - *at < n)
        return false;
    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        v = v * 10 + (c - '0');
    }
    *at += n;
    *ret = v;
    return true;
}

static bool literal(const char **at, const char *end, char c)
{
    if (*at == end || **at != c)
        return false;
    (*at)++;
    return true;
}

static bool fraction(const char **at, const char *end, int *ret_us)
{
    int us = 0;
    int scale = 100000;
    const char *start = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        us += (**at - '0') * scale;
        scale /= 10;
    }
    *ret_us = us;
    return *at > start;
}

/* "Z", "+02:00" or nothing, then the end. */
static bool zone(const char *at, const char *end, struct civil *c)
{
    if (at == end)
        return true;
    if (literal(&at, end, 'Z') || literal(&at, end, 'z'))
        return at == end;
    int sign = literal(&at, end, '-') ? -1 : 1;
    if (sign == 1 && !literal(&at, end, '+'))
        return false;
    int hours, minutes;
    if (!digits(&at, end, 2, &hours) || !literal(&at, end, ':') || !digits(&at, end, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    c->offset_minutes = sign * (hours * 60 + minutes);
    return at == end;
}

/* "14:02", "14:02:58", "14:02:58.44", each with an optional zone. */
static bool clock_time(const char *at, const char *end, struct civil *c)
{
    if (!digits(&at, end, 2, &c->hour) || !literal(&at, end, ':') || !digits(&at, end, 2, &c->minute))
        return false;
    if (literal(&at, end, ':')) {
        if (!digits(&at, end, 2, &c->second))
            return false;
        if (literal(&at, end, '.') && !fraction(&at, end, &c->us))
            return false;
    }
    return zone(at, end, c);
}

static bool date_time(const char *at, const char *end, struct civil *c)
{
    if (!digits(&at, end, 4, &c->year) || !literal(&at, end, '-') || !digits(&at, end, 2, &c->month) ||
        !literal(&at, end, '-') || !digits(&at, end, 2, &c->day))
        return false;
    if (at == end)
        return true;
    if (!literal(&at, end, 'T') && !literal(&at, end, 't') && !literal(&at, end, ' '))
        return false;
    return clock_time(at, end, c);
}

enum ht_rc ht_time_parse(const char *s, int64_t now_us, int64_t *ret_us, struct ht_err *err)
{
    const char *end = s + strlen(s);
    struct civil c = {0};
    if (date_time(s, end, &c) && civil_valid(&c)) {
        *ret_us = civil_us(&c);
        return HT_OK;
    }
    memset(&c, 0, sizeof(c));
    civil_from_days(now_us / US_PER_DAY - (now_us % US_PER_DAY < 0), &c);
    if (clock_time(s, end, &c) && civil_valid(&c)) {
        *ret_us = civil_us(&c);
        return HT_OK;
    }
    int64_t ms;
    if (ht_duration_parse(s[0] == '-' ? s + 1 : s, &ms, NULL) == HT_OK) {
        *ret_us = now_us - ms * 1000;
        return HT_OK;
    }
    return ht_fail(err, HT_USAGE, "time", "write 2026-11-20T14:02:58Z, 2026-11-20, 14:02 or a duration back such as 2h",
                   "\"%s\" is no time", s);
}

struct unit {
    const char *name;
    int64_t ms;
};
/* Longest first: that is the order in which they may follow each other. */
static const struct unit units[] = {{"d", MS_PER_DAY}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static bool one_unit(const char **at, size_t *next_unit, int64_t *sum_ms)
{
    int64_t n = 0;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        if (n <= DURATION_MAX_MS)
            n = n * 10 + (**at - '0');
    }
    size_t len = strspn(*at, "dhms");
    if (*at == start || n > DURATION_MAX_MS)
        return false;
    for (size_t i = *next_unit; i < HT_COUNT(units); i++) {
        if (strlen(units[i].name) != len || strncmp(*at, units[i].name, len) != 0)
            continue;
        if (n > (DURATION_MAX_MS - *sum_ms) / units[i].ms)
            return false;
        *sum_ms += n * units[i].ms;
        *at += len;
        *next_unit = i + 1;
        return true;
    }
    return false;
}

enum ht_rc ht_duration_parse(const char *s, int64_t *ret_ms, struct ht_err *err)
{
    int64_t ms = 0;
    size_t next_unit = 0;
    const char *at = s;
    bool good = strcmp(s, "0") == 0;
    if (!good) {
        do
            good = one_unit(&at, &next_unit, &ms);
        while (good && *at != '\0');
    }
    if (!good)
        return ht_fail(err, HT_USAGE, "duration", "write 1500ms, 15s, 5m, 2h, 1h30m or 1d, at most 400d",
                       "\"%s\" is no duration", s);
    *ret_ms = ms;
    return HT_OK;
}

void ht_duration_format(int64_t ms, char *ret_text, size_t size)
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t v = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    uint64_t minutes = v / 60000;
    if (v < 1000)
        snprintf(ret_text, size, "%s%" PRIu64 "ms", sign, v);
    else if (v < 60000)
        snprintf(ret_text, size, "%s%" PRIu64 "s", sign, v / 1000);
    else if (minutes < 60)
        snprintf(ret_text, size, "%s%" PRIu64 "m", sign, minutes);
    else if (minutes < 24 * 60)
        snprintf(ret_text, size, "%s%" PRIu64 "h%02" PRIu64 "m", sign, minutes / 60, minutes % 60);
    else if (minutes < 10 * 24 * 60)
        snprintf(ret_text, size, "%s%" PRIu64 "d%02" PRIu64 "h", sign, minutes / 1440, minutes / 60 % 24);
    else
        snprintf(ret_text, size, "%s%" PRIu64 "d", sign, minutes / 1440);
}

static int name_index(const char **at, const char *end, const char (*names)[4], int n)
{
    if (end - *at < 3)
        return -1;
    for (int i = 0; i < n; i++) {
        if (memcmp(*at, names[i], 3) == 0) {
            *at += 3;
            return i;
        }
    }
    return -1;
}

bool ht_time_parse_http(const char *s, size_t len, int64_t *ret_us)
{
    const char *at = s;
    const char *end = s + len;
    struct civil c = {0};
    if (name_index(&at, end, weekdays, 7) < 0 || !literal(&at, end, ',') || !literal(&at, end, ' ') ||
        !digits(&at, end, 2, &c.day) || !literal(&at, end, ' '))
        return false;
    c.month = name_index(&at, end, months, 12) + 1;
    if (c.month == 0 || !literal(&at, end, ' ') || !digits(&at, end, 4, &c.year) || !literal(&at, end, ' ') ||
        !digits(&at, end, 2, &c.hour) || !literal(&at, end, ':') || !digits(&at, end, 2, &c.minute) ||
        !literal(&at, end, ':') || !digits(&at, end, 2, &c.second))
        return false;
    if (end - at != 4 || memcmp(at, " GMT", 4) != 0 || !civil_valid(&c))
        return false;
    *ret_us = civil_us(&c);
    return true;
}
