package runtime

import (
	"slices"
	"strings"
	"testing"
)

func TestListenersIn(t *testing.T) {
	const tables = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1776 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0
   1: 0100007F:1EB5 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2 1 0
   2: 0100007F:A001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 3 1 0
   3: 0100007F:A002 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4 1 0
   4: 00000000:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000  1000        0 5 1 0
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt
   0: 00000000000000000000000000000000:2233 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: 00000000000000000000000001000000:1EB5 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   2: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
`
	got := listenersIn(tables, map[int]int{6006: 6106, 0xA002: 7000})
	want := []Listener{{81, 0, true}, {6006, 6106, false}, {7861, 0, true}, {0x2233, 0, false}, {0xA002, 7000, true}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, hostile := range []string{"", "0A 0A 0A 0A", "x y:FFFFF z 0A", "x :0000 z 0A", "x y:-1 z 0A", strings.Repeat("x", 1<<20), "\x00\n\xff"} {
		if got := listenersIn(hostile, nil); got != nil {
			t.Errorf("of %.20q: %v", hostile, got)
		}
	}
	var many strings.Builder
	for range 3 {
		for port := range 2000 {
			many.WriteString("0: 00000000:" + strings.ToUpper(string("0123456789abcdef"[port>>8&15])+string("0123456789abcdef"[port>>4&15])+string("0123456789abcdef"[port&15])) + " 0 0A\n")
		}
	}
	if got := listenersIn(many.String(), nil); len(got) != maxListeners {
		t.Errorf("%d listeners are told", len(got))
	}
}
