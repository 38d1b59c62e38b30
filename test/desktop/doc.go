// Package desktop gives tests a real desktop of their own: an X server with a virtual
// screen, a session bus, XFCE's window manager and panel, and a notification server, in
// a private home directory. Tests click and read there as a person does.
//
// Nothing is shared with the desktop of the person who runs the tests, and everything
// ends with the session.
//
// The package knows nothing of the inside of the program: it starts the program like any
// other, and looks at the screen and at the session bus.
package desktop
