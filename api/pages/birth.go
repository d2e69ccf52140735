package pages

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// birthOf puts the three fields together: "1950-03-02", "1950-03" or "1950". It
// checks the form only; whether such a day exists is for the register to say. A
// day without a month is refused, and so is anything but a year of 4 digits.
func birthOf(day, month, year string) (string, bool) {
	y, ok := digits(year, 4)
	if !ok || y < 1000 {
		return "", false
	}
	if month == "" {
		return strconv.Itoa(y), strings.TrimSpace(day) == ""
	}
	m, ok := digits(month, 2)
	if !ok {
		return "", false
	}
	if strings.TrimSpace(day) == "" {
		return fmt.Sprintf("%d-%02d", y, m), true
	}
	d, ok := digits(day, 2)
	return fmt.Sprintf("%d-%02d-%02d", y, m, d), ok
}

// digits reads a number of 1 to most digits, European, Arabic or Persian: a
// phone set to one of those writes its own.
func digits(s string, most int) (int, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case '٠' <= r && r <= '٩':
			return r - '٠' + '0'
		case '۰' <= r && r <= '۹':
			return r - '۰' + '0'
		}
		return r
	}, strings.TrimSpace(s))
	if len(s) == 0 || len(s) > most || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// zone finds a time zone by its name; UTC for one that this program does not
// know, which the register's own check of names keeps from happening.
func zone(name string) *time.Location {
	tz, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return tz
}
