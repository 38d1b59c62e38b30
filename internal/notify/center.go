package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"colabtray/internal/problem"
)

// What is shown on macOS, and by which way. What speaks to macOS is behind
// notificationCenter, so that all of this runs, and is tested, on any system.

// Time limits, which together leave the other way the rest of deliveryTimeout.
const (
	openPatience  = 5 * time.Second // until the notification centre is known to work
	replyPatience = 2 * time.Second // for a reply of macOS, or of a person whom it asks
)

var (
	// errBusy means that an earlier call of the system still runs.
	errBusy = errors.New("the system does not come back from an earlier notification")
	// errUnanswered means that macOS has asked the person, who may answer at any time.
	errUnanswered = errors.New("nobody has answered yet whether this program may notify")
)

// notificationCenter is macOS' UNUserNotificationCenter. Its methods come back at once.
// What they call back for is called once, on any thread, possibly late or never.
type notificationCenter interface {
	// authorize asks for the permission to notify. The first time, macOS asks the
	// person.
	authorize(done func(error)) error
	// declare replaces the categories that notes can have.
	declare(categories []category) error
	add(n note, done func(error)) error
	// remove removes a note, if it is still there.
	remove(identifier string, done func(error)) error
}

// listener hears from the notification centre, on any thread.
type listener interface {
	// responded is called when a person has done something with a note.
	responded(identifier, action string)
	// presentation tells how a note is shown while this program has the keyboard.
	presentation(identifier string) presentation
}

// presentation is a set of ways to show a note.
type presentation uintptr

// The values of UNNotificationPresentationOptions.
const (
	withSound presentation = 1 << 1
	inList    presentation = 1 << 3
	asBanner  presentation = 1 << 4
)

// note is a notification in the terms of macOS. It replaces the one with the same
// identifier.
type note struct {
	identifier, title, body string
	category                category
	sound                   bool
	passive                 bool // without a banner: it is in the list alone
}

// category says which buttons notes have. Its zero value stands for none.
type category struct {
	identifier string
	buttons    []button
}

// button is a button of a note, with what macOS hands back when it is clicked.
type button struct{ identifier, label string }

// noteOf returns an announcement as a note. A note that need not be noticed is passive:
// macOS alerts again for a note that replaces another, and so would for each step of a
// download.
func noteOf(s slot, a Announcement, withButtons bool) note {
	n := note{
		identifier: string(s.kind) + " " + s.profile,
		title:      a.Title,
		body:       a.Body,
		sound:      a.Urgency == Critical,
		passive:    a.Urgency == Low,
	}
	if withButtons {
		n.category = categoryOf(a)
	}
	return n
}

// categoryOf returns the category of an announcement. Those with the same buttons have
// the same. Progress has one without buttons, with which macOS tells of its dismissal.
func categoryOf(a Announcement) category {
	var c category
	var words []string
	for _, action := range a.Actions {
		c.buttons = append(c.buttons, button{action.String(), action.Label()})
		words = append(words, action.String())
	}
	if c.identifier = strings.Join(words, " "); a.Kind == KindProgress {
		c.identifier = string(KindProgress)
	}
	return c
}

// presentation tells how a note is shown while this program has the keyboard.
func (n note) presentation() presentation {
	p := inList
	if !n.passive {
		p |= asBanner
	}
	if n.sound {
		p |= withSound
	}
	return p
}

// isApplication reports whether the main bundle of a process is an application. In any
// other process the notification centre throws an exception.
func isApplication(identifier, path string) bool {
	return identifier != "" && filepath.Ext(path) == ".app"
}

// centerServer shows announcements in macOS' notification centre, as this program. What
// cannot be shown there goes the other way.
type centerServer struct {
	act   func(profile string, action Action)
	open  func(context.Context, listener) (notificationCenter, error)
	other server
	log   *slog.Logger

	calls      calls
	center     notificationCenter
	unusable   error      // why there is no center
	answer     chan error // to the question for the permission; nil while none is open
	categories []category // all that were declared
	logged     string     // why the last announcement went the other way

	mu    sync.Mutex
	notes map[string]centerNote // by identifier
}

// centerNote is an announcement that the notification centre has.
type centerNote struct {
	slot     slot
	actions  []Action
	answered bool // the person has dismissed it, or clicked on it

	presentation presentation
}

func newCenterServer(act func(profile string, action Action), open func(context.Context, listener) (notificationCenter, error),
	other server, log *slog.Logger,
) *centerServer {
	return &centerServer{
		act: act, open: open, other: other, log: log, calls: newCalls(), notes: map[string]centerNote{},
	}
}

func (c *centerServer) show(ctx context.Context, s slot, a Announcement) error {
	err := c.showInCenter(ctx, s, a)
	if err == nil {
		c.logged = ""
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	if text := err.Error(); text != c.logged {
		c.logged = text
		c.log.Info("a notification is not shown by macOS' notification centre", "because", err)
	}
	return c.other.show(ctx, s, a)
}

func (c *centerServer) showInCenter(ctx context.Context, s slot, a Announcement) error {
	if err := c.opened(ctx); err != nil {
		return err
	}
	n := noteOf(s, a, c.act != nil)
	if a.Kind == KindProgress && c.note(n.identifier).answered {
		return nil
	}
	if err := c.permitted(ctx); err != nil {
		return err
	}
	if err := c.declared(ctx, n.category); err != nil {
		return err
	}
	shown := centerNote{slot: s, presentation: n.presentation()}
	if c.act != nil {
		shown.actions = a.Actions
	}
	c.remember(n.identifier, shown) // before a click can come
	return c.tell(ctx, func(done func(error)) error { return c.center.add(n, done) })
}

// opened opens the notification centre, once.
func (c *centerServer) opened(ctx context.Context) error {
	if c.center != nil || c.unusable != nil {
		return c.unusable
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	found := make(chan notificationCenter, 1)
	c.unusable = c.calls.do(ctx, func() error {
		center, err := c.open(ctx, c)
		found <- center
		return err
	})
	if c.unusable == nil {
		c.center = <-found
	}
	return c.unusable
}

// permitted asks whether this program may notify, each time, as that can change. Only
// who asks waits for the answer: a person may leave the question for later.
func (c *centerServer) permitted(ctx context.Context) error {
	if c.answer == nil {
		answer, err := c.ask(ctx, c.center.authorize)
		if err != nil {
			return err
		}
		err = reply(ctx, answer)
		if errors.Is(err, context.DeadlineExceeded) {
			c.answer = answer
			return errUnanswered
		}
		return err
	}
	select {
	case err := <-c.answer:
		c.answer = nil
		return err
	default:
		return errUnanswered
	}
}

// declared declares a category, if it is a new one.
func (c *centerServer) declared(ctx context.Context, added category) error {
	known := func(old category) bool { return old.identifier == added.identifier }
	if added.identifier == "" || slices.ContainsFunc(c.categories, known) {
		return nil
	}
	all := append(slices.Clip(c.categories), added)
	if err := c.do(ctx, func() error { return c.center.declare(all) }); err != nil {
		return err
	}
	c.categories = all
	return nil
}

// do makes a call of the notification centre.
func (c *centerServer) do(ctx context.Context, call func() error) error {
	ctx, cancel := context.WithTimeout(ctx, replyPatience)
	defer cancel()
	return c.calls.do(ctx, call)
}

// ask makes a call that is replied to, and returns where the reply will be.
func (c *centerServer) ask(ctx context.Context, call func(done func(error)) error) (chan error, error) {
	replied := make(chan error, 1)
	return replied, c.do(ctx, func() error { return call(func(err error) { replied <- err }) })
}

// tell makes a call and waits for the reply.
func (c *centerServer) tell(ctx context.Context, call func(done func(error)) error) error {
	replied, err := c.ask(ctx, call)
	if err != nil {
		return err
	}
	return reply(ctx, replied)
}

// reply waits for a reply of macOS.
func reply(ctx context.Context, reply <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, replyPatience)
	defer cancel()
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return fmt.Errorf("macOS' notification centre does not answer: %w", ctx.Err())
	}
}

func (c *centerServer) withdraw(ctx context.Context, s slot) error {
	identifier := noteOf(s, Announcement{}, false).identifier
	c.mu.Lock()
	_, known := c.notes[identifier]
	delete(c.notes, identifier)
	c.mu.Unlock()
	if !known {
		return c.other.withdraw(ctx, s)
	}
	return c.remove(ctx, identifier)
}

// close removes progress, which would stay there wrongly.
func (c *centerServer) close() {
	c.mu.Lock()
	var wrong []string
	for identifier, n := range c.notes {
		if n.slot.kind == KindProgress && !n.answered {
			wrong = append(wrong, identifier)
		}
	}
	c.mu.Unlock()
	for _, identifier := range wrong {
		_ = c.remove(context.Background(), identifier)
	}
	c.other.close()
}

// remove returns when the note is gone: a process that has ended removes nothing.
func (c *centerServer) remove(ctx context.Context, identifier string) error {
	return c.tell(ctx, func(done func(error)) error { return c.center.remove(identifier, done) })
}

// responded carries out the action of a button. Anything else, a click on the note
// itself too, tells that the person has seen it. A note of an earlier process is none of
// ours.
func (c *centerServer) responded(identifier, action string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, known := c.notes[identifier]
	if !known {
		return
	}
	n.answered = true
	c.notes[identifier] = n
	if clicked := problem.ParseAct(action); slices.Contains(n.actions, clicked) {
		go c.act(n.slot.profile, clicked)
	}
}

// presentation shows a note of another process of this program, too.
func (c *centerServer) presentation(identifier string) presentation {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, known := c.notes[identifier]
	if !known {
		return note{}.presentation()
	}
	return n.presentation
}

func (c *centerServer) note(identifier string) centerNote {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.notes[identifier]
}

func (c *centerServer) remember(identifier string, n centerNote) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes[identifier] = n
}

// calls are calls of a system that has no time limit for them, one at a time.
type calls chan struct{}

func newCalls() calls { return make(calls, 1) }

// do runs a call, and returns when it is done, or leaves it alone when ctx ends.
func (c calls) do(ctx context.Context, call func() error) error {
	select {
	case c <- struct{}{}:
	default:
		return errBusy
	}
	result := make(chan error, 1)
	go func() {
		err := call()
		<-c
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
