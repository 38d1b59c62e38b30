// Package engine owns what the program asks of a container engine: the interface
// [Engine], its optional abilities such as [Replacer], the types of what an engine
// tells, and the errors a caller decides on. It also makes problems of these errors.
//
// It does not own how an engine is found or spoken to, which packages below it do
// (docker, and memory for tests), nor what a runtime is. All that an engine tells of a
// container can come from the container, and is hostile.
package engine
