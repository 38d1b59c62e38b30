// Package colabpage tests what Colab's page does with a local runtime, in a real
// browser.
//
// The tests serve a page that the browser takes for one of
// https://colab.research.google.com, so that the browser applies its own rules:
// preflights, credentials, and the permission to reach this machine. The package
// contains only tests. Their servers come from test/testenv and the runtime.
package colabpage
