package cli

import (
	"testing"
	"time"

	"colabtray/internal/i18n"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		columns          int
	}{
		{"fits", "one two three\n", "one two three\n", 80},
		{"exactly", "aaaaaaaaa bbbbbbbbb cccc\n", "aaaaaaaaa bbbbbbbbb cccc\n", 24},
		{"at words", "aaaaaaaaa bbbbbbbbb ccccc ddd", "aaaaaaaaa bbbbbbbbb\nccccc ddd", 24},
		{"each line", "aaaaaaaaa bbbbbbbbb ccccc\n\nddd\n", "aaaaaaaaa bbbbbbbbb\nccccc\n\nddd\n", 24},
		{"below the column", " start   it starts the runtime and waits", " start   it starts the\n         runtime and\n         waits", 24},
		{"below the indent", "  one two three four five six", "  one two three four\n  five six", 24},
		{"a column too far right", "a very long name of a step  text and text", "a very long name of a\nstep  text and text", 24},
		{"a command", "    docker rm a-long-name another-long-name", "    docker rm a-long-name another-long-name", 24},
		{"an address", "see http://localhost:8888/?token=0123456789 there", "see\nhttp://localhost:8888/?token=0123456789\nthere", 24},
		{"German", "Übergrößenträger müssen überführt", "Übergrößenträger müssen\nüberführt", 24},
		{"wide characters", "笔记本文件夹 数据文件 东京", "笔记本文件夹 数据文件\n东京", 24},
		{"accents of their own", "e\u0301e\u0301e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301e\u0301e\u0301 aaaaa bbbbbb", "e\u0301e\u0301e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301e\u0301e\u0301 aaaaa bbbbbb", 24},
		{"no terminal", "aaaaaaaaa bbbbbbbbb ccccc", "aaaaaaaaa bbbbbbbbb ccccc", 0},
		{"no room", "aaaaaaaaa bbbbbbbbb ccccc", "aaaaaaaaa bbbbbbbbb ccccc", 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := wrap(test.text, test.columns); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{"short": "short", "exactly ten": "exactly t…", "0123456789": "0123456789", "日本語日本語": "日本語日…"} {
		if got := cut(text, 10); got != want || cells(got) > 10 {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestPace: the rate is that of the last seconds, and of this work alone.
func TestPace(t *testing.T) {
	start := time.Now()
	var p pace
	for _, test := range []struct {
		second int
		bytes  int64
		want   float64
	}{
		{0, 0, 0},
		{1, 10, 10},
		{2, 40, 20},
		{20, 40, 0},
		{30, 140, 10},
		{31, 5, 0}, // other work
		{33, 25, 10},
	} {
		p.add(start.Add(time.Duration(test.second)*time.Second), test.bytes)
		if got := p.rate(); got != test.want {
			t.Errorf("after %d s: %v bytes/s, want %v", test.second, got, test.want)
		}
	}
}

func TestTimeLeft(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, test := range []struct {
		language string
		seconds  float64
		want     string
	}{
		{"en", 0.1, "1 second left"},
		{"en", 42.4, "42 seconds left"},
		{"de", 42.4, "noch 42 Sekunden"},
		{"en", 150, "3 minutes left"},
		{"de", 5400, "noch 1,5 Stunden"},
		{"en", 1e12, "999.0 hours left"},
	} {
		i18n.Use(test.language)
		if got := timeLeft(test.seconds); got != test.want {
			t.Errorf("%v: %q, want %q", test.seconds, got, test.want)
		}
	}
}
