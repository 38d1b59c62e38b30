// Package engine owns what the program asks of a container engine: the interface
// [Engine], optional abilities such as [Replacer], the types that an engine returns,
// and the errors that callers decide on. The package also makes problems of these
// errors.
//
// The package does not find or connect to an engine; packages below it do (docker, and
// memory for tests). It does not define what a runtime is. A container can influence
// all that an engine tells of it, so treat those values as hostile.
package engine
