package desktop

import "context"

// DefaultBrowser returns "": macOS tells the default browser to programs that
// link its frameworks, which this one does not.
func DefaultBrowser(context.Context) string { return "" }
