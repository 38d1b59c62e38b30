package cli

import "testing"

func TestConnectedIsRemembered(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	var c connecting
	if c.Connected() {
		t.Error("a notebook was connected before any was")
	}
	for range 2 {
		if err := c.SetConnected(); err != nil || !c.Connected() {
			t.Errorf("it is not remembered: %v", err)
		}
	}
}
