package main

import (
	"testing"

	"colabtray"
)

// TestLicencesAreCurrent: the file has the licence of each library that is linked on any
// system, at its version.
func TestLicencesAreCurrent(t *testing.T) {
	want, err := licences()
	if err != nil {
		t.Fatal(err)
	}
	if colabtray.ThirdPartyLicences() != want {
		t.Error("packaging/third-party-licences.gz is not current: run make licences")
	}
}
