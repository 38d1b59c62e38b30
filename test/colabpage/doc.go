// Package colabpage has a real browser do what Colab's page does with a local
// runtime.
//
// Its tests own a page whose origin is really https://colab.research.google.com
// to the browser, so that the browser's own rules hold: preflights, credentials,
// and the permission to reach this machine. The package holds nothing but tests;
// what they need of servers they get from the test bed and the runtime.
package colabpage
