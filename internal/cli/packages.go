package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/packages"
	"colabtray/internal/runtime"
)

func packagesFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.all, "all", false, "")
}

// runPackages lists the packages that were installed by hand, or keeps some.
func runPackages(ctx context.Context, in *invocation) error {
	keep, names := len(in.args) > 0 && in.args[0] == "keep", in.args
	if keep {
		names = names[1:]
	}
	switch {
	case !keep && len(names) > 0:
		return needsOneOf("packages", names[0], []string{"keep"})
	case !keep && in.all, keep && in.all == (len(names) > 0), keep && in.json:
		return &usageError{wrong: i18n.T("cli.packagesKeepWhat")}
	}
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if keep {
			return in.keepPackages(ctx, s, names)
		}
		list, err := s.Packages(ctx)
		switch {
		case err != nil:
			return err
		case in.json:
			return in.printJSON(list)
		default:
			in.printPackages(s.Profile, list)
			return nil
		}
	})
}

func (in *invocation) keepPackages(ctx context.Context, s *Session, names []string) error {
	kept, err := s.KeepPackages(ctx, names)
	switch {
	case err != nil:
		return err
	case len(kept) == 0:
		fmt.Fprintln(in.Stderr, i18n.T("cli.packagesKeptAlready"))
	default:
		fmt.Fprintln(in.Stderr, i18n.T("cli.packagesKept", "profile", s.Profile.Name, "packages", strings.Join(kept, ", ")))
	}
	return nil
}

// printPackages prints the packages that a new container loses, and those that
// survive.
func (in *invocation) printPackages(p config.Profile, list packages.List) {
	tell := func(title string, survives bool) (count int) {
		for _, one := range list.Packages {
			if one.Survives != survives {
				continue
			}
			if count++; count == 1 {
				fmt.Fprintln(in.Stdout, title)
			}
			fmt.Fprintf(in.Stdout, "  %s %s%s\n", one.Name, one.Version, aboutPackage(one))
		}
		return count
	}
	if tell(i18n.T("cli.packagesLost"), false) == 0 {
		fmt.Fprintln(in.Stdout, i18n.T("cli.packagesNoneLost"))
	}
	tell(i18n.T("cli.packagesSurvive"), true)
	if list.VolumeUnknown {
		fmt.Fprintln(in.Stderr, i18n.T("cli.packagesVolumeUnknown"))
	}
	if list.Incomplete {
		fmt.Fprintln(in.Stderr, i18n.T("cli.packagesIncomplete"))
	}
	if list.CanKeep && len(list.ToKeep()) > 0 {
		fmt.Fprintln(in.Stderr, i18n.T("cli.packagesKeepHint"))
		fmt.Fprintln(in.Stderr, "    "+p.CommandLine("packages", "keep", "--all"))
	}
}

// aboutPackage tells what is particular about a package.
func aboutPackage(p packages.Package) string {
	switch {
	case p.Kept:
		return i18n.T("cli.packageKept")
	case p.Manager == "conda":
		return i18n.T("cli.packageConda")
	case !p.Survives && p.Requirement == "":
		return i18n.T("cli.packageNoIndex")
	case !p.Requested:
		return i18n.T("cli.packageNeeded")
	default:
		return ""
	}
}

// Packages lists the packages that the container has and its image has not.
func (s *Session) Packages(ctx context.Context) (packages.List, error) {
	if now, err := s.settled(ctx); err != nil {
		return packages.List{}, err
	} else if now.State == runtime.NoEngine {
		return packages.List{}, now.Problem
	}
	list, err := s.Runtime.Packages(ctx)
	kept := s.Profile.Packages
	if settings, err := config.Load(config.Sources{File: config.File()}); err == nil {
		kept = settings.Profiles[s.Profile.Name].Packages // what was kept just now, too
	}
	list.MarkKept(kept)
	return list, err
}

// KeepPackages writes the packages of those names, or all that are worth keeping, into
// the settings, so that a new container has them. It returns what it wrote.
func (s *Session) KeepPackages(ctx context.Context, names []string) (kept []string, err error) {
	list, err := s.Packages(ctx)
	if err != nil {
		return nil, err
	}
	kept, err = runtime.Requirements(list, names)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	if err := config.AddPackages(config.File(), s.Profile.Name, kept); err != nil {
		return nil, notChanged(err)
	}
	return kept, nil
}
