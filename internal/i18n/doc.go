// Package i18n owns all messages for people, in every language. Each language is one
// file, such as en.toml, with a key for each message. To add a language, copy
// en.toml and translate the messages; the code needs nothing else, and `make man` puts
// it into the man page. The package also sanitizes texts from outside before a person
// sees them: [Line], [Lines], [JSON].
//
// Package i18n does not decide when a message is shown. It has no messages of the
// program's log, of errors that only code checks, and of the doctor's report, which
// is for whoever is asked for help. It imports no other package of the project.
package i18n
