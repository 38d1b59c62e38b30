package cli

import (
	"context"
	"errors"
	"flag"
)

func checkFlags(set *flag.FlagSet, in *invocation) {
	set.BoolVar(&in.json, "json", false, "")
}

func runCheck(ctx context.Context, in *invocation) error { return errors.New("not yet") }

// CheckReport is for the tray's menu.
func (s *Session) CheckReport(ctx context.Context) (verdict, report string, err error) {
	return "", "", errors.New("not yet")
}
