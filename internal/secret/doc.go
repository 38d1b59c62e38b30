// Package secret owns the type of what nobody else is to see, such as the token of a
// Jupyter server: it prints redacted, whatever prints it. The package also takes
// secrets out of texts.
//
// It does not own where a secret comes from, nor who is shown one.
package secret
