// Command bench measures the speed of Colab Tray, compared with what people use
// otherwise and with the least that is possible, in one run on one machine. Its results
// are ratios and differences, because absolute times depend on the machine. It prints
// them as tables in Markdown; docs/benchmarks.md has those of one run.
//
// It needs bin/colab-tray, the engine and the images that test/setup makes, dbus-daemon
// for the tray, Chromium for the page, sshd for the tunnel, and a cluster (make cluster), without
// which that part is skipped. Its arguments name the
// measurements; the default is all of them.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	program = "bin/colab-tray"
	// notebook6 is the image with the real server; with standIn, which is ready at
	// once, is measured what does not depend on it.
	notebook6 = "colab-tray-test/notebook6:1"
	standIn   = "colab-tray-test/fakejupyter:1"
	rounds    = 15
)

// result is one line of the report. Without wanted it is there for comparison.
type result struct {
	what, got, wanted string
	withinLimit       bool
}

func main() {
	if port := os.Getenv(gatewayFor); port != "" {
		if err := serveGateway(port, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: the gateway:", err)
			os.Exit(1)
		}
		return
	}
	failed := false
	for _, m := range []struct {
		name, title string
		measure     func() ([]result, error)
	}{
		{"lag", "From Jupyter's first answer to the URL", readyLag},
		{"first", "First start", firstStart},
		{"up", "Time to up", timeToUp},
		{"wake", "Waking", waking},
		{"icon", "Start of the program", iconTime},
		{"click", "Click", clicks},
		{"page", "Page", page},
		{"idle", "Idle", idle},
		{"outage", "No engine", outage},
		{"size", "Size", size},
		{"profiles", "Growth: profiles", manyProfiles},
		{"containers", "Growth: containers and events of others", manyContainers},
		{"output", "Growth: output", muchOutput},
		{"tunnel", "A box over ssh, beside ssh -L", tunnelSpeed},
		{"gateway", "The gateway alone", gatewayAlone},
		{"cluster", "A cluster, beside kubectl", clusterSpeed},
	} {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], m.name) {
			continue
		}
		before := load()
		results, err := m.measure()
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", m.name, err)
			failed = true
		}
		if report(m.title, before, results) {
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// report prints results as a table, and reports whether one is beyond its limit.
func report(title, before string, results []result) (missed bool) {
	if len(results) == 0 {
		return false
	}
	fmt.Printf("### %s\n\nLoad of the machine before and after: %s and %s.\n\n| measure | result | goal | |\n|---|---|---|---|\n", title, before, load())
	for _, r := range results {
		verdict := "met"
		switch {
		case r.wanted == "":
			verdict = ""
		case !r.withinLimit:
			verdict, missed = "**missed**", true
		}
		fmt.Printf("| %s | %s | %s | %s |\n", r.what, r.got, r.wanted, verdict)
	}
	fmt.Println()
	return missed
}

// load is the load average of the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// median returns the median of the values.
func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func mb(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

func span(values []time.Duration) string {
	return fmt.Sprintf("median %s (%s to %s)", ms(median(values)), ms(slices.Min(values)), ms(slices.Max(values)))
}
