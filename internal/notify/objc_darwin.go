package notify

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"
)

// load loads a framework of the system.
func load(framework string) (uintptr, error) {
	return purego.Dlopen("/System/Library/Frameworks/"+framework+".framework/"+framework, purego.RTLD_GLOBAL|purego.RTLD_NOW)
}

// pooled runs a function that makes objects, and then gives up all that nobody else
// keeps. A pool belongs to a thread.
func pooled(call func(m *messages) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	m := new(messages)
	pool := m.get(m.class("NSAutoreleasePool"), "new")
	if m.err != nil {
		return m.err
	}
	defer new(messages).send(pool, "drain")
	return errors.Join(call(m), m.err)
}

// messages sends messages to objects of Objective-C until one cannot be sent, and none
// after that. A message that the receiver does not know would end the program, and so
// would a nil where none may be.
type messages struct{ err error }

// class returns a class.
func (m *messages) class(name string) objc.ID {
	if m.err != nil {
		return 0
	}
	class := objc.GetClass(name)
	if class == 0 {
		m.err = fmt.Errorf("macOS has no %s", name)
	}
	return objc.ID(class)
}

// knows reports whether an object can be sent a message.
func (m *messages) knows(receiver objc.ID, message string) bool {
	return m.err == nil && receiver != 0 &&
		objc.Send[bool](receiver, objc.RegisterName("respondsToSelector:"), objc.RegisterName(message))
}

// send sends a message, and returns what comes back, if anything does.
func (m *messages) send(receiver objc.ID, message string, arguments ...any) objc.ID {
	if m.err == nil && !m.knows(receiver, message) {
		m.err = fmt.Errorf("macOS does not know the message %s", message)
	}
	if m.err != nil {
		return 0
	}
	return receiver.Send(objc.RegisterName(message), arguments...)
}

// get sends a message to which an object has to come back.
func (m *messages) get(receiver objc.ID, message string, arguments ...any) objc.ID {
	object := m.send(receiver, message, arguments...)
	if m.err == nil && object == 0 {
		m.err = fmt.Errorf("macOS returns nothing for the message %s", message)
	}
	return object
}

// make makes an object that the pool keeps.
func (m *messages) make(class string) objc.ID {
	return m.get(m.get(m.class(class), "new"), "autorelease")
}

// string returns a text as an object.
func (m *messages) string(text string) objc.ID {
	return m.get(m.class("NSString"), "stringWithUTF8String:", text)
}

// text returns the text of a property; "" for nil.
func (m *messages) text(object objc.ID, property string) string {
	text := m.send(object, property)
	if text == 0 || !m.knows(text, "UTF8String") {
		return ""
	}
	return objc.Send[string](text, objc.RegisterName("UTF8String"))
}

// array returns objects as an object.
func (m *messages) array(objects ...objc.ID) objc.ID {
	array := m.get(m.class("NSMutableArray"), "array")
	for _, object := range objects {
		m.send(array, "addObject:", object) // after an error nothing is sent: no object is nil
	}
	return array
}

// failure returns an NSError as an error; nil for none.
func failure(object objc.ID) error {
	if object == 0 {
		return nil
	}
	m := new(messages)
	text, domain, code := m.text(object, "localizedDescription"), m.text(object, "domain"), int(m.send(object, "code"))
	if m.err != nil {
		return m.err
	}
	return fmt.Errorf("%s (%s %d)", text, domain, code)
}

// blockLayout is the beginning of a block, see Clang's "Block Implementation
// Specification".
type blockLayout struct {
	_      [16]byte // its class and its flags
	invoke uintptr
}

// invoke calls a block that macOS has made; purego calls those alone that it has made.
func invoke(block objc.Block, arguments ...uintptr) {
	if block == 0 {
		return
	}
	layout := *(**blockLayout)(unsafe.Pointer(&block))
	if layout.invoke != 0 {
		purego.SyscallN(layout.invoke, append([]uintptr{uintptr(block)}, arguments...)...)
	}
}
