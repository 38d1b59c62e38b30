package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"colabtray/internal/runtime"
)

func deleteFlags(set *flag.FlagSet, in *invocation) {
	set.BoolVar(&in.data, "data", false, "")
	set.BoolVar(&in.noBackup, "no-backup", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

func runDelete(ctx context.Context, in *invocation) error {
	return in.with(ctx, func(ctx context.Context, s *Session) error {
		goes, err := in.whatGoes(ctx, s)
		if err != nil {
			return err
		}
		if goes == "" {
			fmt.Fprintf(in.Stderr, "There is nothing to delete of %s.\n", s.Profile.Runtime)
			return nil
		}
		if err := in.sure(ctx, goes, "Delete it?"); err != nil {
			return err
		}
		line := in.workLine(s.Profile.Runtime)
		deleted, err := s.Runtime.Delete(ctx, runtime.DeleteOptions{Data: in.data, NoBackup: in.noBackup, Progress: line.tell})
		line.clear()
		if err != nil {
			return in.untouched(err, "Nothing was deleted.")
		}
		in.tellDeleted(s, deleted)
		return nil
	})
}

// whatGoes says what would be deleted; nothing when there is nothing.
func (in *invocation) whatGoes(ctx context.Context, s *Session) (string, error) {
	exists, running, err := s.Runtime.HasContainer(ctx)
	if err != nil {
		return "", err
	}
	var goes []string
	if exists {
		words := "the container " + s.Profile.Runtime
		if running {
			words += ", which runs"
		}
		goes = append(goes, words)
	}
	if !in.data {
		if len(goes) == 0 {
			return "", nil
		}
		return fmt.Sprintf("This deletes %s, with what was installed in it outside of its data.\nThe data in the volume %s are kept.", goes[0], s.Profile.Volume()), nil
	}
	size, there, err := s.Runtime.DataSize(ctx)
	if err != nil {
		return "", err
	}
	if there {
		words := "the volume " + s.Profile.Volume()
		if size >= 0 {
			words += " with " + megabytes(size) + " of data"
		}
		goes = append(goes, words)
	}
	if len(goes) == 0 {
		return "", nil
	}
	text := "This deletes " + strings.Join(goes, ",\nand ") + "."
	switch {
	case !there:
	case in.noBackup:
		text += "\nNo backup is made: the data cannot be brought back."
	default:
		text += "\nA backup is made before, and kept for 7 days."
	}
	return text, nil
}

func (in *invocation) tellDeleted(s *Session, d runtime.Deleted) {
	if d.Container {
		fmt.Fprintf(in.Stderr, "The container %s is deleted.", s.Profile.Runtime)
		if !d.Volume {
			fmt.Fprintf(in.Stderr, " Its data are kept in the volume %s.", s.Profile.Volume())
		}
		fmt.Fprintln(in.Stderr)
	}
	if d.Volume {
		fmt.Fprintf(in.Stderr, "The volume %s is deleted.\n", s.Profile.Volume())
	}
	if d.Backup != "" {
		fmt.Fprintf(in.Stderr, "The data are kept for 7 days in %s. To bring them back:\n    colab-tray restore --name %s\n", d.Backup, s.Profile.Runtime)
	}
}

func backupFlags(set *flag.FlagSet, in *invocation) {
	set.BoolVar(&in.force, "force", false, "")
}

func runBackup(ctx context.Context, in *invocation) error {
	if in.file == "" {
		return fmt.Errorf("%w: backup wants the name of a file", errUsage)
	}
	return in.with(ctx, func(ctx context.Context, s *Session) error {
		line := in.workLine(s.Profile.Runtime)
		b, err := s.Runtime.Backup(ctx, runtime.BackupOptions{File: in.file, Force: in.force, Progress: line.tell})
		line.clear()
		if err != nil {
			return in.untouched(err, "No backup was written.")
		}
		fmt.Fprintf(in.Stderr, "%s has the data of %s: %d entries, %s (%s packed). It was read back and is whole.\n",
			b.File, b.Runtime, b.Entries, megabytes(b.Bytes), megabytes(b.Size))
		if b.Special > 0 {
			fmt.Fprintf(in.Stderr, "%d pipes or devices were left out.\n", b.Special)
		}
		if b.Relinked > 0 {
			fmt.Fprintf(in.Stderr, "%d links that lead out of the data were made absolute.\n", b.Relinked)
		}
		return nil
	})
}

func restoreFlags(set *flag.FlagSet, in *invocation) {
	set.BoolVar(&in.noBackup, "no-backup", false, "")
	set.BoolVar(&in.large, "large", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

func runRestore(ctx context.Context, in *invocation) error {
	return in.with(ctx, func(ctx context.Context, s *Session) error {
		line := in.workLine(s.Profile.Runtime)
		restored, err := s.Runtime.Restore(ctx, runtime.RestoreOptions{
			File: in.file, NoBackup: in.noBackup, Large: in.large, Progress: line.tell,
			Confirm: func(ctx context.Context, b runtime.Backup) (bool, error) {
				line.clear()
				return in.confirmRestore(ctx, s, b)
			},
		})
		line.clear()
		if restored.Backup != "" {
			fmt.Fprintf(in.Stderr, "What the volume held is kept for 7 days in %s.\n", restored.Backup)
		}
		if err != nil {
			return in.untouched(err, "The data are as they were.")
		}
		fmt.Fprintf(in.Stderr, "The volume %s has the data of %s, of %s.\n", s.Profile.Volume(), restored.From.Runtime, moment(restored.From.Made))
		if restored.Started {
			fmt.Fprintln(in.Stderr, "The runtime was started again, with a new Backend URL.")
		}
		return nil
	})
}

// confirmRestore asks whether what a volume holds is to be replaced.
func (in *invocation) confirmRestore(ctx context.Context, s *Session, b runtime.Backup) (bool, error) {
	text := fmt.Sprintf("This replaces all that the volume %s holds with the data of %s, of %s (%s).",
		s.Profile.Volume(), b.Runtime, moment(b.Made), megabytes(b.Bytes))
	if in.noBackup {
		text += "\nNo backup is made of it: it cannot be brought back."
	} else {
		text += "\nA backup is made of it before, and kept for 7 days."
	}
	err := in.sure(ctx, text, "Replace it?")
	return err == nil, err
}

// sure tells what is about to happen, and asks unless --yes was given. What is
// no yes is a no.
func (in *invocation) sure(ctx context.Context, text, question string) error {
	fmt.Fprintln(in.Stderr, text)
	if in.yes {
		return nil
	}
	noAnswer := fmt.Errorf("%w: there is no terminal to ask on; add --yes to go ahead", errUsage)
	if !isTerminal(in.Stdin) {
		return noAnswer
	}
	fmt.Fprint(in.Stderr, question+" [y/N] ")
	answers := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		answer, err := bufio.NewReader(in.Stdin).ReadString('\n')
		if err != nil {
			ended <- err
			return
		}
		answers <- answer
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(in.Stderr)
		return ctx.Err()
	case err := <-ended:
		fmt.Fprintln(in.Stderr)
		if errors.Is(err, io.EOF) {
			return noAnswer // such as /dev/null
		}
		return err
	case answer := <-answers:
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return nil
		}
		fmt.Fprintln(in.Stderr, "Nothing was changed.")
		return errReported
	}
}

// untouched adds to an interruption that nothing was changed.
func (in *invocation) untouched(err error, words string) error {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(in.Stderr, "Interrupted. "+words)
		return errReported
	}
	return err
}

// workLine tells how far work on the data is, on the line that a start has, too.
func (in *invocation) workLine(name string) *workLine {
	return &workLine{line: progressLine{in: in, rewrite: isTerminal(in.Stderr)}, name: name}
}

type workLine struct {
	line progressLine
	name string
	told time.Time
	step runtime.DataStep
}

func (l *workLine) tell(p runtime.DataProgress) {
	const often = 100 * time.Millisecond
	if p.Step == l.step && time.Since(l.told) < often {
		return
	}
	l.step, l.told = p.Step, time.Now()
	text := map[runtime.DataStep]string{
		runtime.StepStop:    "Stopping ",
		runtime.StepBackup:  "Backing up ",
		runtime.StepVerify:  "Reading back the backup of ",
		runtime.StepCheck:   "Checking the backup for ",
		runtime.StepRestore: "Restoring ",
		runtime.StepDelete:  "Deleting ",
		runtime.StepStart:   "Starting ",
	}[p.Step] + l.name
	if l.line.rewrite && p.Bytes > 0 {
		text += ": " + megabytes(p.Bytes)
		if p.Total > 0 {
			text += " of " + megabytes(p.Total)
		}
	}
	l.line.write(text)
}

func (l *workLine) clear() {
	l.line.clear()
	l.line.last = ""
}

// megabytes tells a number of bytes.
func megabytes(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", math.Ceil(float64(n)/1e3))
	case n < 1e9:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
}

// moment tells a time.
func moment(t time.Time) string { return t.Local().Format(time.DateTime) }
