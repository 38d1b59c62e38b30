// Package jupyter owns what is known of a Jupyter server in a container: when it
// answers, with which token, what it says of itself, whether its kernels work, and its
// Backend URL.
//
// It does not own the container, nor what is done when the server does not answer: a
// [Watch] reports, and the runtime decides. Whatever the container writes or answers
// is hostile.
package jupyter
