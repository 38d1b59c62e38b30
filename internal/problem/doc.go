// Package problem owns [Problem], what a person is told and can act on, and the [Code]
// by which programs tell one kind of problem from another.
//
// The package owns no texts: the maker of a problem supplies them in the language in
// use.
package problem
