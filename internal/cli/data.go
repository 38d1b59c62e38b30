package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"colabtray/internal/data"
	"colabtray/internal/i18n"
)

func deleteFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.data, "data", false, "")
	set.BoolVar(&in.noBackup, "no-backup", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

func runDelete(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		goes, err := s.Runtime.PlanDelete(ctx)
		if err != nil {
			return err
		}
		text, err := in.describePlan(ctx, s, goes)
		if err != nil {
			return err
		}
		if text == "" {
			if in.json {
				return in.printJSON(deleteJSON{Runtime: s.Profile.Runtime, Rescued: []string{}})
			}
			fmt.Fprintln(in.Stderr, i18n.T("cli.delete.nothing", "runtime", s.Profile.Runtime))
			return nil
		}
		if err := in.confirm(ctx, text, i18n.T("question.delete"), ""); err != nil {
			return err
		}
		line := in.workLine(s.Profile.Runtime)
		deleted, err := s.Runtime.Delete(ctx, data.DeleteOptions{Data: in.data, NoBackup: in.noBackup, Progress: line.tell})
		line.clear()
		if err != nil {
			return in.unchangedAfter(err, i18n.T("cli.delete.interrupted"))
		}
		if in.json {
			return in.printJSON(deleteJSON{
				Runtime: s.Profile.Runtime, Container: deleted.Container, Volume: deleted.Volume, Kept: deleted.Backup, Rescued: append([]string{}, deleted.Rescued...),
			})
		}
		in.tellDeleted(s, deleted)
		return nil
	})
}

// describePlan says what would be deleted, and what stays; nothing when there is
// nothing.
func (in *invocation) describePlan(ctx context.Context, s *Session, goes data.DeletePlan) (string, error) {
	container := ""
	switch {
	case goes.Running:
		container = i18n.T("cli.delete.runningContainer", "container", s.Profile.Runtime)
	case goes.Container:
		container = i18n.T("cli.delete.container", "container", s.Profile.Runtime)
	}
	var lines []string
	switch {
	case in.data && goes.Volume:
		volume, err := in.volume(ctx, s)
		if err != nil {
			return "", err
		}
		text := i18n.T("cli.delete.one", "what", volume)
		if goes.Container {
			text = i18n.T("cli.delete.both", "container", container, "volume", volume)
		}
		lines = append(lines, text)
	case !goes.Container:
		return "", nil
	case goes.Volume:
		lines = append(lines, i18n.T("cli.delete.keepingData", "container", container, "volume", s.Profile.Volume()))
	default:
		lines = append(lines, i18n.T("cli.delete.alone", "container", container))
	}
	if lost := in.describeLosses(s, goes); lost != "" {
		lines = append(lines, lost)
	}
	if len(goes.Others) > 0 {
		lines = append(lines, i18n.T("cli.delete.others", "volumes", strings.Join(goes.Others, ", ")))
	}
	switch {
	case !in.data || !goes.Volume:
	case in.noBackup:
		lines = append(lines, i18n.T("cli.delete.noBackup"))
	default:
		lines = append(lines, i18n.T("cli.delete.backup"))
	}
	return strings.Join(lines, "\n"), nil
}

// volume names the data volume, and how big it is.
func (in *invocation) volume(ctx context.Context, s *Session) (string, error) {
	size, _, err := s.Runtime.DataSize(ctx)
	if err != nil {
		return "", err
	}
	if size < 0 {
		return i18n.T("cli.delete.volume", "volume", s.Profile.Volume()), nil
	}
	return i18n.T("cli.delete.volumeOfSize", "volume", s.Profile.Volume(), "size", i18n.Bytes(size)), nil
}

// describeLosses says what the container alone has, and what becomes of it.
func (in *invocation) describeLosses(s *Session, goes data.DeletePlan) string {
	if goes.Lost.Files == 0 {
		return ""
	}
	files := i18n.T("cli.delete.files", "count", goes.Lost.Files, "size", i18n.Bytes(goes.Lost.Bytes), "dirs", strings.Join(goes.Lost.Dirs, ", "))
	switch {
	case in.noBackup:
		return i18n.T("cli.delete.filesLost", "files", files)
	case goes.Ours:
		return i18n.T("cli.delete.filesCopied", "files", files, "volume", s.Profile.Volume())
	default:
		return i18n.T("cli.delete.filesSaved", "files", files)
	}
}

func (in *invocation) tellDeleted(s *Session, d data.DeleteResult) {
	switch {
	case d.Container && d.VolumeKept:
		fmt.Fprintln(in.Stderr, i18n.T("cli.delete.containerDoneDataKept", "container", s.Profile.Runtime, "volume", s.Profile.Volume()))
	case d.Container:
		fmt.Fprintln(in.Stderr, i18n.T("cli.delete.containerDone", "container", s.Profile.Runtime))
	}
	if d.Volume {
		fmt.Fprintln(in.Stderr, i18n.T("cli.delete.volumeDone", "volume", s.Profile.Volume()))
	}
	if len(d.Rescued) > 0 && d.VolumeKept {
		fmt.Fprintln(in.Stderr, i18n.T("cli.delete.rescued", "dirs", strings.Join(d.Rescued, ", ")))
	}
	if d.Backup != "" {
		fmt.Fprintln(in.Stderr, i18n.T("cli.delete.kept", "file", d.Backup))
		in.printCommand(s.Profile.CommandLine("restore"))
	}
}

func backupFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.force, "force", false, "")
}

func runBackup(ctx context.Context, in *invocation) error {
	if in.file == "" {
		return &usageError{wrong: i18n.T("cli.backup.noFile")}
	}
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		line := in.workLine(s.Profile.Runtime)
		b, err := s.Runtime.Backup(ctx, data.BackupOptions{File: in.file, Force: in.force, Progress: line.tell})
		line.clear()
		if err != nil {
			return in.unchangedAfter(err, i18n.T("cli.backup.interrupted"))
		}
		if in.json {
			return in.printJSON(backupAsJSON(b))
		}
		for _, line := range b.Told() {
			fmt.Fprintln(in.Stderr, line)
		}
		return nil
	})
}

func restoreFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.noBackup, "no-backup", false, "")
	set.BoolVar(&in.large, "large", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

func runRestore(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		line := in.workLine(s.Profile.Runtime)
		restored, err := s.Runtime.Restore(ctx, data.RestoreOptions{
			File: in.file, NoBackup: in.noBackup, Large: in.large, Progress: line.tell,
			Confirm: func(ctx context.Context, b data.Backup) (bool, error) {
				line.clear()
				return in.confirmRestore(ctx, s, b)
			},
		})
		line.clear()
		if restored.Backup != "" {
			fmt.Fprintln(in.Stderr, i18n.T("cli.restore.kept", "file", restored.Backup))
		}
		if err != nil {
			return in.unchangedAfter(err, i18n.T("cli.restore.interrupted"))
		}
		if in.json {
			return in.printJSON(restoreJSON{
				Runtime: s.Profile.Runtime, Volume: s.Profile.Volume(), From: backupAsJSON(restored.From), Kept: restored.Backup, Started: restored.Started,
			})
		}
		fmt.Fprintln(in.Stderr, i18n.T("cli.restore.done",
			"volume", s.Profile.Volume(), "runtime", restored.From.Runtime, "time", formatTime(restored.From.Made)))
		if restored.Started {
			fmt.Fprintln(in.Stderr, i18n.T("cli.restore.started"))
			return nil
		}
		fmt.Fprintln(in.Stderr, i18n.T("cli.restore.start"))
		in.printCommand(s.Profile.CommandLine("start"))
		return nil
	})
}

// confirmRestore asks whether what a volume holds is to be replaced.
func (in *invocation) confirmRestore(ctx context.Context, s *Session, b data.Backup) (bool, error) {
	text := i18n.T("cli.restore.replaces",
		"volume", s.Profile.Volume(), "runtime", b.Runtime, "time", formatTime(b.Made), "size", i18n.Bytes(b.Bytes)) + "\n"
	if in.noBackup {
		text += i18n.T("cli.restore.noBackup")
	} else {
		text += i18n.T("cli.restore.backup")
	}
	err := in.confirm(ctx, text, i18n.T("question.restore"), "")
	return err == nil, err
}

// confirm tells what is about to happen, and asks unless --yes was given. What is
// no yes is a no. reason is what is told where nobody can be asked; it can be empty.
func (in *invocation) confirm(ctx context.Context, text, question, reason string) error {
	noAnswer := &usageError{wrong: strings.TrimSpace(reason + " " + i18n.T("question.noTerminal")), alone: true}
	if !in.yes && !isTerminal(in.Stdin) {
		return noAnswer
	}
	fmt.Fprintln(in.Stderr, text)
	if in.yes {
		return nil
	}
	fmt.Fprint(in.Stderr, question)
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
		if isYes(answer) {
			return nil
		}
		fmt.Fprintln(in.Stderr, i18n.T("question.declined"))
		return errReported
	}
}

// isYes reports whether an answer is a yes in the language in use.
func isYes(answer string) bool {
	return slices.Contains(strings.Fields(i18n.T("question.yes")), strings.ToLower(strings.TrimSpace(answer)))
}

// unchangedAfter tells of an interruption that nothing was changed.
func (in *invocation) unchangedAfter(err error, text string) error {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(in.Stderr, text)
		return errReported
	}
	return err
}

// workLine tells how far work on the data is, on the line that a start has, too.
func (in *invocation) workLine(name string) *workLine {
	return &workLine{line: in.progressLine(), name: name}
}

type workLine struct {
	line      *progressLine
	name      string
	lastShown time.Time
	step      data.Step
}

func (l *workLine) tell(p data.Progress) {
	const often = 100 * time.Millisecond
	if p.Step == l.step && time.Since(l.lastShown) < often {
		return
	}
	l.step, l.lastShown = p.Step, time.Now()
	text := l.stepText(p.Step)
	if p.Bytes == 0 {
		l.line.write(text)
		return
	}
	amount := i18n.Bytes(p.Bytes)
	if p.Total > 0 {
		amount = i18n.T("cli.work.of", "done", amount, "all", i18n.Bytes(p.Total))
	}
	l.line.writeProgress(text, amount, p.Bytes, p.Total)
}

func (l *workLine) stepText(step data.Step) string {
	switch step {
	case data.StepStop:
		return i18n.T("cli.work.stop", "runtime", l.name)
	case data.StepCopy:
		return i18n.T("cli.work.copy", "runtime", l.name)
	case data.StepBackup:
		return i18n.T("cli.work.backup", "runtime", l.name)
	case data.StepVerify:
		return i18n.T("cli.work.verify", "runtime", l.name)
	case data.StepCheck:
		return i18n.T("cli.work.check", "runtime", l.name)
	case data.StepRescue:
		return i18n.T("cli.work.rescue", "runtime", l.name)
	case data.StepRestore:
		return i18n.T("cli.work.restore", "runtime", l.name)
	case data.StepDelete:
		return i18n.T("cli.work.delete", "runtime", l.name)
	default:
		return i18n.T("cli.work.start", "runtime", l.name)
	}
}

func (l *workLine) clear() { l.line.clear() }

// formatTime tells a time.
func formatTime(t time.Time) string { return t.Local().Format(time.DateTime) }
