// Package jupyter owns what is known of a Jupyter server in a container: when it
// answers, with which token, how it is configured, whether its kernels are busy, and
// its Backend URL.
//
// The package does not own the container, nor does it act when the server does not
// answer: a [Watch] reports, and the runtime decides. Whatever the container writes or
// answers is hostile.
package jupyter
