// Package problem owns what a person is told of and can act on: a [Problem], and the
// codes by which programs know one.
//
// It owns no text: whoever makes a problem brings the texts in the language in use.
package problem
