package notify

import (
	"context"
	"errors"
	"sync"

	"github.com/ebitengine/purego/objc"
)

// Values of UNAuthorizationOptions, UNNotificationCategoryOptions and
// UNNotificationInterruptionLevel.
const (
	authorizeSound  uintptr = 1 << 1
	authorizeAlert  uintptr = 1 << 2
	tellOfDismissal uintptr = 1 << 0
	levelPassive    uintptr = 0
)

// systemCenter is the UNUserNotificationCenter of this process, of which there is one. It
// belongs to no thread, and replies on threads of its own. What is told to the delegate
// is replied to on the thread on which it came.
//
// None of this was ever seen on a Mac by who wrote it; the workflow runs it on one.
type systemCenter struct{ center objc.ID }

// openCenter opens the notification centre where it can be used. Where it cannot, its
// first call ends the process by an exception, which Go cannot catch: so another process
// rehearses.
func openCenter(ctx context.Context, heard listener) (notificationCenter, error) {
	if err := inApplication(); err != nil {
		return nil, err
	}
	if err := rehearsed(ctx); err != nil {
		return nil, err
	}
	return newSystemCenter(heard)
}

// inApplication returns an error where this process is not that of an application.
func inApplication() error {
	if _, err := load("Foundation"); err != nil {
		return err
	}
	return pooled(func(m *messages) error {
		bundle := m.get(m.class("NSBundle"), "mainBundle")
		identifier, path := m.text(bundle, "bundleIdentifier"), m.text(bundle, "bundlePath")
		if m.err == nil && !isApplication(identifier, path) {
			return errors.New("this program was not started from its application")
		}
		return nil
	})
}

// newSystemCenter opens the notification centre, and listens to it.
func newSystemCenter(heard listener) (*systemCenter, error) {
	if _, err := load("UserNotifications"); err != nil {
		return nil, err
	}
	s := new(systemCenter)
	err := pooled(func(m *messages) error {
		delegate, err := newDelegate(m, heard)
		if err != nil {
			return err
		}
		s.center = m.get(m.class("UNUserNotificationCenter"), "currentNotificationCenter")
		m.send(s.center, "setDelegate:", delegate)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *systemCenter) authorize(done func(error)) error {
	return pooled(func(m *messages) error {
		block := objc.NewBlock(func(_ objc.Block, granted bool, object objc.ID) {
			err := failure(object)
			if err == nil && !granted {
				err = errors.New("the person does not allow it")
			}
			done(err)
		})
		defer block.Release()
		m.send(s.center, "requestAuthorizationWithOptions:completionHandler:", authorizeAlert|authorizeSound, block)
		return nil
	})
}

func (s *systemCenter) declare(all []category) error {
	return pooled(func(m *messages) error {
		m.send(s.center, "setNotificationCategories:", categorySet(m, all))
		return nil
	})
}

func (s *systemCenter) add(n note, done func(error)) error {
	return pooled(func(m *messages) error {
		block := objc.NewBlock(func(_ objc.Block, object objc.ID) { done(failure(object)) })
		defer block.Release()
		m.send(s.center, "addNotificationRequest:withCompletionHandler:", request(m, n), block)
		return nil
	})
}

// remove asks for the settings as well, which changes nothing: macOS replies to nothing
// else that comes behind the removal.
func (s *systemCenter) remove(identifier string, done func(error)) error {
	return pooled(func(m *messages) error {
		identifiers := m.array(m.string(identifier))
		m.send(s.center, "removePendingNotificationRequestsWithIdentifiers:", identifiers)
		m.send(s.center, "removeDeliveredNotificationsWithIdentifiers:", identifiers)
		block := objc.NewBlock(func(_ objc.Block, settings objc.ID) { done(nil) })
		defer block.Release()
		m.send(s.center, "getNotificationSettingsWithCompletionHandler:", block)
		return nil
	})
}

// request returns a note as a request to show it now.
func request(m *messages, n note) objc.ID {
	content := m.make("UNMutableNotificationContent")
	m.send(content, "setTitle:", m.string(n.title))
	m.send(content, "setBody:", m.string(n.body))
	if n.category.identifier != "" {
		m.send(content, "setCategoryIdentifier:", m.string(n.category.identifier))
	}
	if n.sound {
		m.send(content, "setSound:", m.get(m.class("UNNotificationSound"), "defaultSound"))
	}
	if n.passive {
		m.send(content, "setInterruptionLevel:", levelPassive)
	}
	return m.get(m.class("UNNotificationRequest"), "requestWithIdentifier:content:trigger:", m.string(n.identifier), content, objc.ID(0))
}

// categorySet returns categories as an object.
func categorySet(m *messages, all []category) objc.ID {
	var categories []objc.ID
	for _, c := range all {
		var actions []objc.ID
		for _, b := range c.buttons {
			actions = append(actions, m.get(m.class("UNNotificationAction"), "actionWithIdentifier:title:options:",
				m.string(b.identifier), m.string(b.label), uintptr(0)))
		}
		categories = append(categories, m.get(m.class("UNNotificationCategory"), "categoryWithIdentifier:actions:intentIdentifiers:options:",
			m.string(c.identifier), m.array(actions...), m.array(), tellOfDismissal))
	}
	return m.get(m.class("NSSet"), "setWithArray:", m.array(categories...))
}

// Messages of UNUserNotificationCenterDelegate.
const (
	didReceive  = "userNotificationCenter:didReceiveNotificationResponse:withCompletionHandler:"
	willPresent = "userNotificationCenter:willPresentNotification:withCompletionHandler:"
)

// listeners has the listener of each delegate.
var listeners sync.Map

// delegateClass is made once in a process.
var delegateClass = sync.OnceValues(func() (objc.Class, error) {
	var protocols []*objc.Protocol
	if protocol := objc.GetProtocol("UNUserNotificationCenterDelegate"); protocol != nil {
		protocols = append(protocols, protocol)
	}
	return objc.RegisterClass("ColabTrayNotificationDelegate", objc.GetClass("NSObject"), protocols, nil, []objc.MethodDef{
		{Cmd: objc.RegisterName(didReceive), Fn: receive},
		{Cmd: objc.RegisterName(willPresent), Fn: present},
	})
})

// newDelegate returns an object that tells the listener. It is never released: the
// notification centre does not keep it.
func newDelegate(m *messages, heard listener) (objc.ID, error) {
	class, err := delegateClass()
	if err != nil {
		return 0, err
	}
	delegate := m.get(objc.ID(class), "new")
	listeners.Store(delegate, heard)
	return delegate, nil
}

// receive is called by macOS for what a person does with a notification.
func receive(delegate objc.ID, _ objc.SEL, _, response objc.ID, done objc.Block) {
	m := new(messages)
	identifier, action := identifierOf(m, m.send(response, "notification")), m.text(response, "actionIdentifier")
	if heard, ok := listeners.Load(delegate); ok && m.err == nil {
		heard.(listener).responded(identifier, action)
	}
	invoke(done)
}

// present is called by macOS before it shows a notification while this program has the
// keyboard.
func present(delegate objc.ID, _ objc.SEL, _, notification objc.ID, done objc.Block) {
	m := new(messages)
	how := note{}.presentation()
	identifier := identifierOf(m, notification)
	if heard, ok := listeners.Load(delegate); ok && m.err == nil {
		how = heard.(listener).presentation(identifier)
	}
	invoke(done, uintptr(how))
}

func identifierOf(m *messages, notification objc.ID) string {
	return m.text(m.send(notification, "request"), "identifier")
}
