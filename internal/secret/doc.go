// Package secret owns the type of a value that must not be shown, such as the token of
// a Jupyter server. Such a value prints as "[redacted]" however it is printed. The
// package also masks secrets in texts.
//
// The package does not decide where a secret comes from, nor who may see it.
package secret
