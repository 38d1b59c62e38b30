// Command bench measures the speed of Colab Tray, compared with the script that it
// replaces and with the fastest possible program, in one run on one machine. Its results
// are ratios and differences, because absolute times depend on the machine.
//
// It needs bin/colab-tray, the engine and the image of Notebook 6 that test/setup makes,
// dbus-daemon for the tray, and sshd for the tunnel. Its arguments name the measurements;
// the default is all of them.
package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

const (
	program = "bin/colab-tray"
	image   = "colab-tray-test/notebook6:1"
	rounds  = 15
)

// result is one line of the report.
type result struct {
	what, got, wanted string
	withinLimit       bool
}

func main() {
	var all []result
	for _, m := range []struct {
		name    string
		measure func() ([]result, error)
	}{{"lag", readyLag}, {"up", timeToUp}, {"icon", iconTime}, {"idle", idle}, {"profiles", profiles}, {"tunnel", tunnelSpeed}} {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], m.name) {
			continue
		}
		results, err := m.measure()
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		all = append(all, results...)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	missed := false
	for _, r := range all {
		verdict := "met"
		switch {
		case r.wanted == "":
			verdict = ""
		case !r.withinLimit:
			verdict, missed = "MISSED", true
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.what, r.got, r.wanted, verdict)
	}
	_ = w.Flush()
	if missed {
		os.Exit(1)
	}
}

// median returns the median of the values.
func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func span(values []time.Duration) string {
	return fmt.Sprintf("median %s (%s to %s)", ms(median(values)), ms(slices.Min(values)), ms(slices.Max(values)))
}
