// Package doctor owns the report about this computer, for finding out why something
// does not work: versions, desktop, engine, runtime.
//
// Each probe has a time limit of its own, and the report shows a probe's failure in
// place of its result. The report contains no secrets: it is made to be sent to others.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"colabtray/internal/i18n"
)

// patience is how long one probe may take. All probes run at once.
const patience = 5 * time.Second

// Probe finds out one thing.
type Probe struct {
	// Section and Name are the section and the line of the report that it fills.
	Section, Name string
	// Run returns the result, in one or a few lines. It may return both a result
	// and an error.
	Run func(ctx context.Context) (string, error)
}

// Item is the result of one probe.
type Item struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	// Error is why the value is missing or incomplete; "" if it is neither.
	Error string `json:"error,omitempty"`
}

// Section is a part of the report.
type Section struct {
	Title string `json:"title"`
	Items []Item `json:"items"`
}

// Report is the report about this computer, without secrets. Its JSON names do not
// change between releases.
type Report struct {
	Sections []Section `json:"sections"`
}

// Make runs all probes at once, and redacts the secrets in their results. It takes
// little longer than the time limit of one probe, 5 seconds.
func Make(ctx context.Context, probes []Probe, secrets *Secrets) Report {
	items := make([]Item, len(probes))
	var all sync.WaitGroup
	for i, p := range probes {
		all.Go(func() { items[i] = p.run(ctx) })
	}
	all.Wait()
	var r Report
	for i, item := range items {
		// Invisible characters are removed first: they could split a secret.
		item.Value, item.Error = secrets.redact(i18n.Lines(item.Value)), secrets.redact(i18n.Lines(item.Error))
		title := probes[i].Section
		if n := len(r.Sections); n == 0 || r.Sections[n-1].Title != title {
			r.Sections = append(r.Sections, Section{Title: title})
		}
		last := &r.Sections[len(r.Sections)-1]
		last.Items = append(last.Items, item)
	}
	return r
}

// run runs one probe, and returns without it when its time is over.
func (p Probe) run(ctx context.Context) Item {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %v", patience))
	defer cancel()
	result := make(chan Item, 1)
	go func() {
		item := Item{Name: p.Name}
		defer func() {
			if wrong := recover(); wrong != nil {
				item.Error = fmt.Sprintf("the probe failed: %v", wrong)
			}
			result <- item
		}()
		value, err := p.Run(ctx)
		item.Value = strings.TrimSpace(value)
		switch {
		case err == nil:
		case errors.Is(err, context.DeadlineExceeded):
			item.Error = context.Cause(ctx).Error()
		default:
			item.Error = err.Error()
		}
	}()
	select {
	case item := <-result:
		return item
	case <-ctx.Done():
		return Item{Name: p.Name, Error: context.Cause(ctx).Error()}
	}
}

// Text returns the report for people.
func (r Report) Text() string {
	var b strings.Builder
	for i, s := range r.Sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", s.Title)
		for _, item := range s.Items {
			value := item.Value
			if item.Error != "" {
				value = strings.TrimSpace(value + " - " + item.Error)
			}
			if strings.Contains(value, "\n") {
				value = "\n    " + strings.ReplaceAll(value, "\n", "\n    ")
			}
			fmt.Fprintf(&b, "  %-14s %s\n", item.Name+":", value)
		}
	}
	return b.String()
}
