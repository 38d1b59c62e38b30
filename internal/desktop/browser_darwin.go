package desktop

import "context"

// DefaultBrowser returns "": macOS tells the default browser only to programs that
// link its frameworks, and this one does not.
func DefaultBrowser(context.Context) string { return "" }
