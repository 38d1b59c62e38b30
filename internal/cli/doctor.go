package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/doctor"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// settling is how long the report waits to be told of the runtime.
const settling = 5 * time.Second

func runDoctor(ctx context.Context, in *invocation) error {
	i18n.Use(i18n.English) // whoever helps may know no other language
	report, err := in.buildReport(ctx)
	if err != nil {
		return err
	}
	if in.json {
		return in.printJSON(report)
	}
	_, err = fmt.Fprint(in.Stdout, report.Text())
	return err
}

// buildReport makes the report also where settings or the engine's address are so
// wrong that no other command works.
func (in *invocation) buildReport(ctx context.Context) (doctor.Report, error) {
	s, err := in.open()
	var wrong *config.Error
	var problem *problem.Problem
	switch {
	case err == nil:
		defer s.Close()
		return s.buildReport(ctx, in.Version), nil
	case errors.As(err, &wrong) && wrong.IsFlag():
		return doctor.Report{}, err
	case errors.As(err, &problem):
		err = errors.New(i18n.Sentences(problem.Short, problem.Hint))
	}
	return doctor.Examine(ctx, doctor.Options{Version: in.Version, Unusable: err, Settings: config.File(), Environ: os.Environ()}), nil
}

// buildReport makes the report on this computer and the session's runtime, which
// can be in any state, also in none.
func (s *Session) buildReport(ctx context.Context, version string) doctor.Report {
	waiting, cancel := context.WithTimeout(ctx, settling)
	_, _ = s.settled(waiting)
	cancel()
	return doctor.Examine(ctx, doctor.Options{
		Version: version, Runtime: s.Runtime, Profile: s.Profile, Settings: config.File(), Environ: os.Environ(),
	})
}
