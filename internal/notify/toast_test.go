package notify

import (
	"encoding/xml"
	"testing"

	"colabtray/internal/problem"
)

// TestToast shows texts that mean something in XML as what they are, and the buttons
// with what tells them apart.
func TestToast(t *testing.T) {
	a := Announcement{Title: `"a" <b> & ]]>`, Body: "$(c)", Urgency: Critical}
	port := Action{Name: problem.ActUsePort, Port: 8889}
	text, err := toastXML(a, []click{{"my <profile>", port}, {"", Start}})
	if err != nil {
		t.Fatal(err)
	}
	var got toast
	if err := xml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if texts := got.Binding.Text; len(texts) != 2 || texts[0] != a.Title || texts[1] != a.Body {
		t.Errorf("it says %q", texts)
	}
	if got.Duration != "long" || got.Audio.Silent {
		t.Errorf("it is not urgent: %s", text)
	}
	if len(got.Actions) != 2 || got.Actions[0] != (toastAction{"foreground", port.Label(), "usePort:8889 my <profile>"}) {
		t.Errorf("its buttons are %+v", got.Actions)
	}
	if text, _ := toastXML(Announcement{Title: "a"}, nil); text != `<toast launch=""><visual><binding template="ToastGeneric"><text>a</text></binding></visual><audio silent="true"></audio><actions></actions></toast>` {
		t.Errorf("a small one is %s", text)
	}
}
