// Package desktop gives tests a real desktop of their own: an X server without
// a screen, a session bus, XFCE's window manager and panel, and a notification
// server, in a private home. What a person would do there, click and read, the
// tests do through it.
//
// Nothing is shared with the desktop of whoever runs the tests, and everything
// ends with the session.
//
// The package does not own what is tested: it starts the program like any
// other, and looks at the screen.
package desktop
