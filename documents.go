// Package colabtray has the documents of the program that it shows itself.
package colabtray

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the documents
	"io"
)

// Changelog is what changed in each version, in Markdown.
//
//go:embed CHANGELOG.md
var Changelog string

// Licence is the licence of the program itself.
//
//go:embed LICENSE
var Licence string

//go:embed packaging/third-party-licences.gz
var thirdParty []byte

// ThirdPartyLicences returns the licences of the libraries in the program.
func ThirdPartyLicences() string {
	r, err := gzip.NewReader(bytes.NewReader(thirdParty))
	if err != nil {
		panic(err) // cannot happen: the file is embedded
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return string(text)
}
