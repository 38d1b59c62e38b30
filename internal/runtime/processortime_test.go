package runtime

import "testing"

func TestTicks(t *testing.T) {
	t.Parallel()
	const (
		python = "7 (python3) S 1 7 7 0 -1 4194560 9000 0 12 0 150 30 4 1 20 0 4 0 12345 100000 5000\n"
		// Its name has a bracket and a line break.
		odd   = "8 (a) b\n) R 1 7 7 0 -1 4194560 9000 0 12 0 5 0 0 0 20 0 4 0 12345 100000 5000\n"
		other = "cat: /proc/9/stat: No such process\n"
	)
	for _, c := range []struct {
		lines string
		want  int64
		known bool
	}{
		{"", 0, false},
		{other, 0, false},
		{python, 185, true},
		{python + other + odd, 190, true},
		{"7 (x) S 1 7 7 0 -1 0 0 0 0 0 99999999999999999999 -5 x 1 20\n", -4, true},
	} {
		if sum, known := ticks(c.lines); sum != c.want || known != c.known {
			t.Errorf("%q has %d ticks, %t", c.lines, sum, known)
		}
	}
}
