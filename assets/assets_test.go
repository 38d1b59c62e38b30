package assets

import "testing"

// TestIcons holds that each state has an icon of its own in each style, and
// what is none has one too.
func TestIcons(t *testing.T) {
	seen := map[string]bool{}
	for _, style := range []Style{Colour, Light, Dark} {
		for s := NoEngine; s <= Problem; s++ {
			seen[string(Icon(s, style))] = true
		}
	}
	if len(seen) != 18 {
		t.Errorf("there are %d icons", len(seen))
	}
	for _, style := range []Style{Auto, "", "../svg"} {
		if string(Icon(Ready, style)) != string(Icon(Ready, Colour)) {
			t.Errorf("the style %q is not taken for Colour", style)
		}
	}
	if string(Icon(99, Dark)) != string(Icon(Problem, Dark)) {
		t.Error("an unknown state has not the icon of a problem")
	}
}

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		style  Style
		system string
		panel  Panel
		want   Style
	}{
		{Auto, "linux", UnknownPanel, Colour},
		{Auto, "windows", DarkPanel, Light},
		{Auto, "windows", LightPanel, Dark},
		{Auto, "windows", UnknownPanel, Colour},
		{Auto, "darwin", UnknownPanel, Dark},
		{Colour, "darwin", UnknownPanel, Dark},
		{Colour, "windows", DarkPanel, Colour},
		{Light, "linux", UnknownPanel, Light},
		{Light, "windows", LightPanel, Light}, // as it is asked for
		{Dark, "windows", DarkPanel, Dark},
		{"", "linux", UnknownPanel, Colour},
	} {
		if got := test.style.Resolve(test.system, test.panel); got != test.want {
			t.Errorf("%q on %s and the panel %d is %q, want %q", test.style, test.system, test.panel, got, test.want)
		}
	}
}
