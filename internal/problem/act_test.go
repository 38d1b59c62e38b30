package problem

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"colabtray/internal/i18n"
)

// noAct says of each code without an act why there is none.
var noAct = map[Code]string{
	Overruled:      "nothing is to be done: Colab can connect",
	NotInForce:     "who makes the image has to change it",
	EngineWarned:   "the engine's own words, of which we know nothing more",
	NoLog:          "the container has to be made in another way",
	NoPrevious:     "there is nothing to go back to",
	NoBrowser:      "the text has the page to open",
	NoClipboard:    "the text says which command prints it",
	NotHeld:        "told by commands of the terminal alone",
	TrayStays:      "the text says how to end it",
	Cancelled:      "the person did something else",
	NoProfile:      "the person chooses another one in the menu",
	Busy:           "it passes",
	LocalhostTaken: "the Backend URL avoids it already",
	NotEmpty:       "asked in the terminal that gets the answer",
	BadBackup:      "another file has to be named",
	NoBackup:       "another file has to be named",
	FileExists:     "another file has to be named",
	NoFile:         "another file has to be named",
	NoKernel:       "another kernel has to be named",
	CopyFailed:     "the text says what was in the way",
	NotOffered:     "the engine cannot do it",
}

func TestEveryCodeHasAnAct(t *testing.T) {
	for _, code := range codes(t) {
		offers := (&Problem{Code: code, Command: "command"}).Offers()
		if (len(offers) > 0) == (noAct[code] != "") {
			t.Errorf("%s has the acts %v, and as a reason for none %q", code, offers, noAct[code])
		}
		for _, a := range offers {
			if !i18n.Has("act." + string(a.Name)) {
				t.Errorf("%s has no label", a.Name)
			}
		}
	}
}

// codes returns all codes, as the source has them.
func codes(t *testing.T) (all []Code) {
	file, err := parser.ParseFile(token.NewFileSet(), "problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, is := n.(*ast.ValueSpec); is {
			if kind, is := spec.Type.(*ast.Ident); is && kind.Name == "Code" {
				value, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				all = append(all, Code(value))
			}
		}
		return true
	})
	if len(all) < 50 {
		t.Fatalf("only %d codes were found", len(all))
	}
	return all
}

func TestNoCommandToCopy(t *testing.T) {
	if offers := (&Problem{Code: Permission}).Offers(); len(offers) != 0 {
		t.Errorf("offers %v", offers)
	}
}

func TestParseAct(t *testing.T) {
	for _, a := range []Act{{Name: ActStart}, {Name: ActUsePort, Port: 8889}} {
		if got := ParseAct(a.String()); got != a {
			t.Errorf("%+v is read as %+v", a, got)
		}
	}
	for _, word := range []string{"usePort", "usePort:", "usePort:0", "usePort:x", "usePort:-1", "usePort:99999", "start:1", "usePort:08889"} {
		if got := ParseAct(word); got != (Act{}) {
			t.Errorf("%q is read as %+v", word, got)
		}
	}
}
