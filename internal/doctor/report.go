// Package doctor owns the report on what there is on this computer, for who is
// to find out why something does not work: versions, desktop, engine, runtime.
//
// Each probe has its own time, and one that fails says so in its place. The
// report holds no secret: it is made to be sent to others.
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

// patience is how long one probe may take. All are tried at once.
const patience = 5 * time.Second

// Probe finds out one thing.
type Probe struct {
	// Section and Name are where it stands in the report.
	Section, Name string
	// Run returns what there is, in a line or a few.
	Run func(ctx context.Context) (string, error)
}

// Item is what one probe found out.
type Item struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	// Error says why there is no value.
	Error string `json:"error,omitempty"`
}

// Section is a part of the report.
type Section struct {
	Title string `json:"title"`
	Items []Item `json:"items"`
}

// Report is what there is on this computer, without secrets. Its JSON names do
// not change between releases.
type Report struct {
	Sections []Section `json:"sections"`
}

// Make tries all probes at once, and takes the secrets out of what they find.
// It takes little longer than the slowest of them may.
func Make(ctx context.Context, probes []Probe, secrets *Secrets) Report {
	items := make([]Item, len(probes))
	var all sync.WaitGroup
	for i, p := range probes {
		all.Go(func() { items[i] = p.run(ctx) })
	}
	all.Wait()
	var r Report
	for i, item := range items {
		// First what cannot be seen is taken out: it could part a secret.
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

// run runs one probe, and waits for it no longer than it may take.
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
