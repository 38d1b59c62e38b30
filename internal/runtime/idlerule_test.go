package runtime

import (
	"errors"
	"testing"
	"time"
)

// TestIdleRule: one decision at a time. All times count from now; a use and a
// warning lie before it.
func TestIdleRule(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time {
		if d == never {
			return time.Time{}
		}
		return now.Add(-d)
	}
	nothing := new(workCheck)
	for name, c := range map[string]struct {
		limit, used, warned, reported time.Duration
		mute                          bool
		check                         *workCheck
		want                          idleAction
		again, usedThen, warnedThen   time.Duration
	}{
		"just used":                      {limit: time.Hour, used: 0, warned: never, reported: never, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"used a while ago":               {limit: time.Hour, used: 50 * time.Minute, warned: never, reported: never, want: leaveRunning, again: 5 * time.Minute, usedThen: 50 * time.Minute, warnedThen: never},
		"Jupyter tells of a later use":   {limit: time.Hour, used: 50 * time.Minute, warned: never, reported: time.Minute, want: leaveRunning, again: 54 * time.Minute, usedThen: time.Minute, warnedThen: never},
		"Jupyter tells of an older use":  {limit: time.Hour, used: 50 * time.Minute, warned: never, reported: 5 * time.Hour, want: leaveRunning, again: 5 * time.Minute, usedThen: 50 * time.Minute, warnedThen: never},
		"used after the warning":         {limit: time.Hour, used: 58 * time.Minute, warned: 3 * time.Minute, reported: time.Second, want: leaveRunning, again: 55*time.Minute - time.Second, usedThen: time.Second, warnedThen: never},
		"no answer":                      {limit: time.Hour, used: 50 * time.Minute, warned: never, mute: true, reported: never, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"no answer when it is due":       {limit: time.Hour, used: 9 * time.Hour, warned: time.Hour, mute: true, reported: never, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"no answer, a very short limit":  {limit: 2, used: 9 * time.Hour, warned: time.Hour, mute: true, reported: never, want: leaveRunning, again: 1, usedThen: 0, warnedThen: never},
		"time to warn":                   {limit: time.Hour, used: 55 * time.Minute, warned: never, reported: never, want: warnOfStop, again: warnedInterval, usedThen: 55 * time.Minute, warnedThen: 0},
		"warned a minute ago":            {limit: time.Hour, used: 56 * time.Minute, warned: time.Minute, reported: never, want: warnOfStop, again: warnedInterval, usedThen: 56 * time.Minute, warnedThen: time.Minute},
		"the last seconds":               {limit: time.Hour, used: 60*time.Minute - 3*time.Second, warned: 5*time.Minute - 3*time.Second, reported: never, want: warnOfStop, again: 3 * time.Second, usedThen: 60*time.Minute - 3*time.Second, warnedThen: 5*time.Minute - 3*time.Second},
		"a warning is half of a limit":   {limit: 4 * time.Minute, used: 2 * time.Minute, warned: never, reported: never, want: warnOfStop, again: warnedInterval, usedThen: 2 * time.Minute, warnedThen: 0},
		"before a warning of a half":     {limit: 4 * time.Minute, used: time.Minute, warned: never, reported: never, want: leaveRunning, again: time.Minute, usedThen: time.Minute, warnedThen: never},
		"overdue without a warning":      {limit: time.Hour, used: 9 * time.Hour, warned: never, reported: never, want: warnOfStop, again: warnedInterval, usedThen: 9 * time.Hour, warnedThen: 0},
		"overdue, warned late":           {limit: time.Hour, used: 9 * time.Hour, warned: 4 * time.Minute, reported: never, want: warnOfStop, again: warnedInterval, usedThen: 9 * time.Hour, warnedThen: 4 * time.Minute},
		"overdue, without a warning, ok": {limit: time.Hour, used: 9 * time.Hour, warned: never, reported: never, check: nothing, want: warnOfStop, again: warnedInterval, usedThen: 9 * time.Hour, warnedThen: 0},
		"due":                            {limit: time.Hour, used: time.Hour, warned: 5 * time.Minute, reported: never, want: checkWork, usedThen: time.Hour, warnedThen: 5 * time.Minute},
		"nothing works":                  {limit: time.Hour, used: time.Hour, warned: 5 * time.Minute, reported: never, check: nothing, want: stopIdle, again: time.Hour, usedThen: time.Hour, warnedThen: 5 * time.Minute},
		"it computes":                    {limit: time.Hour, used: time.Hour, warned: 5 * time.Minute, reported: never, check: &workCheck{usesCPU: true}, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"a kernel is busy":               {limit: time.Hour, used: time.Hour, warned: 5 * time.Minute, reported: never, check: &workCheck{busy: true}, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"kernels do not answer":          {limit: time.Hour, used: time.Hour, warned: 5 * time.Minute, reported: never, check: &workCheck{unknown: errors.New("?")}, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"the clock was set back":         {limit: time.Hour, used: -9 * time.Hour, warned: never, reported: 9 * time.Hour, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
		"asked for to go on":             {limit: time.Hour, used: time.Hour, warned: 5 * time.Minute, reported: never, check: &workCheck{kept: true}, want: leaveRunning, again: 55 * time.Minute, usedThen: 0, warnedThen: never},
	} {
		d := idleFacts{
			now: now, limit: c.limit, used: ago(c.used), warned: ago(c.warned),
			answered: !c.mute, reported: ago(c.reported), check: c.check,
		}.decide()
		want := idleDecision{action: c.want, again: c.again, used: ago(c.usedThen), warned: ago(c.warnedThen)}
		if c.want == warnOfStop { // at the end of the warning, and of the limit
			left := max(c.limit-c.used, min(longestWarning, c.limit/2)-max(0, c.warned))
			want.stopAt = now.Add(left)
		}
		if d != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, d, want)
		}
	}
}

// never is a time that there was not.
const never = -time.Hour
